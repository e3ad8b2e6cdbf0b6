// Planted: storage that knows a socket, a codec and the platform.
#include <netinet/in.h>  // forbidden
#include <sqlite3.h>
#include <sys/socket.h>  // forbidden
#include <sys/statvfs.h>
#include <boost/json/value.hpp>  // forbidden

#include <mutex>

#include "codec/canonical.hpp"  // forbidden
#include "core/engine.hpp"
#include "platform/log.hpp"  // forbidden
#include "storage/database.hpp"
