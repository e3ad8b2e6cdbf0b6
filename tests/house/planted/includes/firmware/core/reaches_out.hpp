// Planted: core includes what only other rooms may. Each line marked `forbidden` must be found, no other.
#pragma once

#include <sqlite3.h>             // forbidden
#include <unistd.h>              // forbidden
#include <boost/json/value.hpp>  // forbidden

#include <chrono>
#include <fstream>  // forbidden
#include <string>
#include <thread>  // forbidden
#include <vector>

#include "codec/partner.hpp"  // forbidden
#include "core/order.hpp"
#include "order.hpp"           // forbidden
#include "platform/clock.hpp"  // forbidden
// #include <mutex> is a comment
inline constexpr const char* text = "#include <mutex>";
