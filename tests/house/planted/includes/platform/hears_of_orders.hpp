// Planted: platform that knows an order and the database.
#pragma once

#include <sqlite3.h>  // forbidden
#include <sys/socket.h>

#include <boost/beast/core.hpp>
#include <thread>

#include "app/config.hpp"  // forbidden
#include "core/order.hpp"  // forbidden
#include "core/result.hpp"
#include "platform/loop.hpp"
#include "storage/journal.hpp"  // forbidden
