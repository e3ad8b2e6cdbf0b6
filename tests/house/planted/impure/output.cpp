// Planted: prints, one way and the other.
#include <cstdio>
#include <iostream>

void planted_output(int orders) {
  std::printf("%d\n", orders);
  std::cout << orders;
}
