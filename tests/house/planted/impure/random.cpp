// Planted: randomness that no seed repeats.
#include <random>

unsigned planted_random() { return std::random_device()(); }
