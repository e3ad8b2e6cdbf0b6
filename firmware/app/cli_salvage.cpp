// The salvage command: one call of storage, and its report in words.
#include "app/cli_salvage.hpp"

#include <unistd.h>

#include <iomanip>
#include <ostream>
#include <sstream>
#include <vector>

#include "app/cli_format.hpp"
#include "platform/digest.hpp"
#include "platform/random.hpp"
#include "storage/sip_digest.hpp"

namespace storegate::app {
namespace {

void list(std::ostream& out, std::string_view head, const std::vector<storage::SalvageFinding>& findings) {
  if (findings.empty()) return;
  out << "\n" << head << " (" << findings.size() << "):\n";
  for (const storage::SalvageFinding& finding : findings) {
    out << "  " << finding.row.table << " " << printable(finding.row.key);
    if (!finding.partner_order_id.empty())
      out << " (" << printable(finding.partner) << " " << printable(finding.partner_order_id) << ")";
    out << ": " << finding.row.why << "\n";
  }
}

ExitStatus failed(const core::Error& error, CliWorld& world) {
  world.err << "storegate: " << printable(error.context) << "\n";
  switch (error.code) {
    case core::ErrorCode::not_found:
    case core::ErrorCode::invalid:
    case core::ErrorCode::conflict:
    case core::ErrorCode::unavailable: return ExitStatus::bad_usage;
    default: return ExitStatus::unreachable;
  }
}

/// The old WAL must go with the old database: SQLite would put its pages over the new one's.
std::string how_to_use(const std::string& file, bool has_wal, const std::string& out) {
  const std::string wal = has_wal ? "mv " + file + "-wal " + file + ".damaged-wal && " : "";
  return "To use it: stop the service, then: " + wal + "mv " + file + " " + file + ".damaged && mv " + out +
         " " + file +
         "\nThen start the service, and ask about every order named above. Events go on in a new epoch.\n";
}

}  // namespace

std::string format_salvage(const storage::SalvageReport& report) {
  std::ostringstream out;
  out << std::left << std::setw(14) << "table" << std::right << std::setw(10) << "salvaged" << std::setw(10)
      << "left out"
      << "\n";
  for (const auto& table : report.tables) {
    out << std::left << std::setw(14) << table.name << std::right << std::setw(10) << table.salvaged
        << std::setw(10) << table.damaged << "\n";
  }
  list(out, "Damaged, left out or found twice", report.damaged);
  list(out, "In contradiction or missing; the service does not act on these", report.contradictions);
  if (report.unlisted > 0) out << "  and " << report.unlisted << " more\n";
  if (report.all_undamaged()) out << "\nEvery row was undamaged.\n";
  return out.str();
}

ExitStatus salvage(const CliRequest& request, CliWorld& world) {
  storage::SalvageRequest wanted;
  wanted.file = request.file;
  wanted.out = request.out;
  wanted.digest = storage::sip_digest;
  wanted.fresh_epoch = platform::to_hex(platform::random_bytes<10>());
  wanted.wall_ms = world.wall_ms();
  const auto report = storage::salvage_file(wanted);
  if (!report) return failed(report.error(), world);
  const std::string out = storage::salvage_output(wanted);
  const bool has_wal = ::access((request.file + "-wal").c_str(), F_OK) == 0;
  world.out << format_salvage(*report) << "\n"
            << printable(out) << " is the new database.\n"
            << how_to_use(printable(request.file), has_wal, printable(out));
  return report->all_undamaged() ? ExitStatus::done : ExitStatus::refused;
}

}  // namespace storegate::app
