// Planted: reads the environment.
#include <cstdlib>

const char* planted_environment() { return std::getenv("STORE"); }
