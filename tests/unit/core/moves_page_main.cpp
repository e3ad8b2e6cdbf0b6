// moves-page README: writes the page of the state machine into the file, between its markers.
#include <fstream>
#include <iostream>
#include <iterator>

#include "moves_page.hpp"

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: moves-page firmware/core/README.md\n";
    return 2;
  }
  std::ifstream file(words[1]);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  const std::string text =
      storegate::core::testing::with_page(readme, storegate::core::testing::moves_page());
  if (text.empty()) {
    std::cerr << words[1] << ": has not both markers of the page\n";
    return 1;
  }
  std::ofstream(words[1]) << text;
  return 0;
}
