// Planted: a codec that reaches for the gateway, a clock and a socket.
#include <boost/asio/ip/tcp.hpp>  // forbidden
#include <boost/json/parse.hpp>
#include <ctime>  // forbidden
#include <string>

#include "codec/partner.hpp"
#include "core/engine.hpp"   // forbidden
#include "core/gateway.hpp"  // forbidden
#include "core/messages.hpp"
#include "storage/journal.hpp"  // forbidden
