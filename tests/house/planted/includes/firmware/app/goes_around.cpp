// Planted: app may include every room, but a database, a broker's client or a TLS library only through its room.
#include <mbedtls/ssl.h>        // forbidden
#include <mqtt/async_client.h>  // forbidden
#include <sqlite3.h>            // forbidden
#include <systemd/sd-daemon.h>  // forbidden
#include <toml++/toml.h>
#include <boost/beast/http/message.hpp>

#include <CLI/CLI.hpp>

#include "codec/canonical.hpp"
#include "core/gateway.hpp"
#include "platform/http_server.hpp"
#include "storage/journal.hpp"
