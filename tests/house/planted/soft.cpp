// Planted: built without any hardening (see CMakeLists.txt); the check of programs must find everything missing.
#include <cstring>

int main(int count, char** words) {
  char copy[16];
  std::memcpy(copy, words[0], static_cast<unsigned>(count) % sizeof copy);
  return copy[0] == 'x' ? 1 : 0;
}
