// Planted: opens files, one way and the other.
#include <cstdio>
#include <fstream>

bool planted_file(const char* path) {
  std::FILE* file = std::fopen(path, "r");
  if (file != nullptr) std::fclose(file);
  return std::ifstream(path).good();
}
