// The format is described in valgrind's manual, "Callgrind Format Specification"; positions are lines, one event.
#include "callgrind.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace storegate::bench {

namespace {

struct RoomName {
  std::string_view part;
  std::string_view room;
};

// The first that occurs in a function's name names its room: the outermost call is the reason why the rest is done.
constexpr RoomName by_function[] = {
    {"storegate::storage::SipDigest", "digest"},
    {"sip_digest", "digest"},
    {"storegate::core::", "decide (core)"},
    {"storegate::codec::", "parse, print (codec)"},
    {"storegate::storage::", "rows (storage)"},
    {"storegate::platform::mqtt", "MQTT"},
    {"storegate::platform::Mqtt", "MQTT"},
    {"storegate::platform::Http", "HTTP"},
    {"storegate::platform::http", "HTTP"},
    {"storegate::platform::log", "log"},
    {"storegate::platform::Log", "log"},
    {"storegate::app::", "app"},
    {"boost::beast", "HTTP"},
    {"boost::json", "parse, print (codec)"},
    {"spdlog", "log"},
    {"fmt::", "log"},
    {"boost::asio", "loop (Asio)"},
    {"storegate::platform::", "platform, other"},
};

constexpr RoomName by_object[] = {
    {"libsqlite3", "SQL (SQLite)"}, {"libboost_json", "parse, print (codec)"},
    {"libspdlog", "log"},           {"libfmt", "log"},
    {"libprometheus", "metrics"},   {"libsystemd", "platform, other"},
    {"libmbed", "digest"},          {"libssl", "MQTT"},
    {"libcrypto", "MQTT"},
};

/// "(12) name" defines, "(12)" refers.
class Names {
 public:
  const std::string& read(std::string_view text) {
    const auto close = text.find(')');
    if (text.empty() || text.front() != '(' || close == std::string_view::npos)
      return known_[std::string(text)] = text;
    const std::string id(text.substr(0, close + 1));
    if (close + 2 <= text.size()) known_[id] = text.substr(close + 2);
    return known_[id];
  }

 private:
  std::map<std::string, std::string> known_;
};

double cost_of(std::string_view line) {
  const auto blank = line.rfind(' ');
  return blank == std::string_view::npos ? 0 : std::atof(std::string(line.substr(blank + 1)).c_str());
}

/// A function, with what it executed itself and what was spent in it on behalf of each caller.
struct Function {
  std::string name;
  std::string room;  // "" = works for its callers
  double own = 0;
  std::map<std::size_t, double> callers;
  std::map<std::string, double> shares;  // of a library's function: which rooms it works for, in parts of 1
};

class Reader {
 public:
  void take(const std::string& line) {
    if (line.empty() || line.front() == '#') return;
    if (std::string_view("+-*0123456789").find(line.front()) != std::string_view::npos)
      return take_cost(cost_of(line));
    const auto equals = line.find('=');
    if (equals != std::string::npos)
      take_name(line.substr(0, equals), std::string_view(line).substr(equals + 1));
  }

  Profile finish() {
    constexpr int passes = 30;  // calls within the libraries go a few levels deep
    for (int pass = 0; pass < passes; ++pass)
      for (Function& function : functions_)
        if (function.room.empty()) share(function);
    Profile profile;
    for (const Function& function : functions_) {
      profile.total += function.own;
      profile.functions[function.name] += function.own;
      double rest = function.own;
      for (const auto& [room, part] : function.shares) {
        profile.rooms[room] += part * function.own;
        rest -= part * function.own;
      }
      profile.rooms[function.room.empty() ? "nobody's" : function.room] += rest;
    }
    return profile;
  }

 private:
  void take_name(const std::string& key, std::string_view value) {
    if (key == "ob") object_ = called_object_ = objects_.read(value);
    if (key == "fl") file_ = called_file_ = files_.read(value);
    if (key == "fi" || key == "fe") (void)files_.read(value);
    if (key == "cob") called_object_ = objects_.read(value);
    if (key == "cfi" || key == "cfl") called_file_ = files_.read(value);
    if (key == "fn") {
      current_ = number_of(names_.read(value), object_, file_);
      called_object_ = object_;
      called_file_ = file_;
    }
    if (key == "cfn") called_ = number_of(names_.read(value), called_object_, called_file_);
    if (key == "calls") call_follows_ = true;
  }
  std::size_t number_of(const std::string& name, const std::string& object, const std::string& file) {
    const auto [known, fresh] = numbers_.try_emplace(object + '\n' + name, functions_.size());
    if (fresh) functions_.push_back({name, room_of(name, object, file), 0, {}, {}});
    return known->second;
  }
  void take_cost(double cost) {
    if (!call_follows_) {
      functions_.at(current_).own += cost;
      return;
    }
    call_follows_ = false;
    if (called_ != current_) functions_.at(called_).callers[current_] += cost;
    called_object_ = object_;
    called_file_ = file_;
  }
  void share(Function& function) const {
    double calls = 0;
    for (const auto& [caller, cost] : function.callers) calls += cost;
    std::map<std::string, double> shares;
    for (const auto& [number, cost] : function.callers) {
      const Function& caller = functions_[number];
      if (!caller.room.empty()) shares[caller.room] += cost / calls;
      for (const auto& [room, part] : caller.shares) shares[room] += part * cost / calls;
    }
    function.shares = std::move(shares);
  }

  Names objects_, files_, names_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<Function> functions_;
  std::string object_, file_, called_object_, called_file_;
  std::size_t current_ = 0;
  std::size_t called_ = 0;
  bool call_follows_ = false;
};

}  // namespace

std::string room_of(std::string_view function, std::string_view object, std::string_view file) {
  for (const auto& [part, room] : by_object)
    if (object.find(part) != std::string_view::npos) return std::string(room);
  if (object.find("/lib") != std::string_view::npos) return {};  // libc, libstdc++, the loader
  std::size_t first = std::string_view::npos;
  std::string_view found;
  for (const auto& [part, room] : by_function) {
    const auto at = function.find(part);
    if (at < first) first = at, found = room;
  }
  if (!found.empty()) return std::string(found);
  for (const auto& [part, room] :
       {RoomName{"storage/", "rows (storage)"}, RoomName{"firmware/core", "decide (core)"},
        RoomName{"firmware/codec", "parse, print (codec)"}, RoomName{"firmware/app", "app"}})
    if (file.find(part) != std::string_view::npos) return std::string(room);
  return {};  // templates of the standard library, compiled into the program
}

Profile read_profile(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("callgrind wrote no " + path);
  Reader reader;
  for (std::string line; std::getline(file, line);) reader.take(line);
  return reader.finish();
}

}  // namespace storegate::bench
