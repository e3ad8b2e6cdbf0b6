// Process: real children of /bin/sh.
#include "tests/support/process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

bool alive(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("a child's exit status and a signal are told apart") {
  Process exits("/bin/sh", {"-c", "exit 3"});
  const auto status = exits.wait(10s);
  REQUIRE(status);
  CHECK(status->code == 3);
  CHECK(status->signal == 0);

  Process killed("/bin/sleep", {"60"});
  killed.kill(SIGKILL);
  const auto how = killed.wait(10s);
  REQUIRE(how);
  CHECK(how->signal == SIGKILL);
  CHECK_FALSE(how->clean());
}

TEST_CASE("a wait that meets its deadline leaves the child running") {
  Process sleeper("/bin/sleep", {"60"});
  CHECK_FALSE(sleeper.wait(20ms));
  CHECK(sleeper.running());
}

TEST_CASE("a program that is not there is an exception that names it") {
  CHECK_THROWS_WITH_AS(Process("/no/such/program", {}), doctest::Contains("/no/such/program"),
                       std::runtime_error);
}

TEST_CASE("a child is killed when its object goes") {
  pid_t pid = -1;
  {
    Process sleeper("/bin/sleep", {"60"});
    pid = sleeper.pid();
    CHECK(alive(pid));
  }
  CHECK_FALSE(alive(pid));
}

TEST_CASE("a child dies with the process that started it, however that ended") {
  // The middle process starts a sleeper of its own through Process and is then killed without any clean-up.
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const pid_t middle = ::fork();
  if (middle == 0) {
    Process sleeper("/bin/sleep", {"60"});
    const pid_t its_pid = sleeper.pid();
    if (::write(told[1], &its_pid, sizeof its_pid) < 0) ::_exit(1);
    ::pause();
  }
  pid_t sleeper = -1;
  REQUIRE(::read(told[0], &sleeper, sizeof sleeper) == static_cast<ssize_t>(sizeof sleeper));
  CHECK(alive(sleeper));
  ::kill(middle, SIGKILL);
  eventually("the grandchild is gone", 10s, [&] {
    const std::string state = read_file("/proc/" + std::to_string(sleeper) + "/stat");
    return !alive(sleeper) || state.find(") Z ") != std::string::npos;
  });
  ::close(told[0]);
  ::close(told[1]);
}

TEST_CASE("input is written to a child and its output read line by line") {
  Process cat("cat", {}, {.stdin_pipe = true, .stdout_pipe = true});
  CHECK(cat.write_input("first\nsecond\nunfinished"));
  CHECK(cat.read_line(10s) == "first");
  CHECK(cat.read_line(10s) == "second");
  CHECK_FALSE(cat.read_line(20ms));
  cat.close_input();
  CHECK(cat.wait(10s)->clean());
}

TEST_CASE("writing to a child that has closed its input is an answer and no SIGPIPE") {
  Process exits("/bin/sh", {"-c", "exec 0<&-; echo closed; sleep 60"},
                {.stdin_pipe = true, .stdout_pipe = true});
  REQUIRE(exits.read_line(10s) == "closed");
  CHECK_FALSE(exits.write_input("nobody reads this\n"));
}

TEST_CASE("environment, folder and output files are as ordered") {
  const TempDir folder;
  Process shell("/bin/sh", {"-c", "echo $STOREGATE_TEST_WORD; pwd; echo wrong >&2"},
                {.environment = {{"STOREGATE_TEST_WORD", "taco"}},
                 .stdout_path = folder.file("out"),
                 .stderr_path = folder.file("err"),
                 .working_directory = folder.path().string()});
  REQUIRE(shell.wait(10s)->clean());
  CHECK(read_file(folder.file("out")) == "taco\n" + folder.path().string() + "\n");
  CHECK(read_file(folder.file("err")) == "wrong\n");
}

TEST_CASE("a child inherits no descriptor but its three") {
  const int extra = ::open("/dev/null", O_RDONLY);  // on purpose without O_CLOEXEC
  Process sleeper("/bin/sleep", {"60"});
  CHECK(sleeper.usage().descriptors == 3);
  ::close(extra);
}

TEST_CASE("CPU time, memory, bytes written and threads of a child are measured") {
  const TempDir folder;
  Process worker("/bin/sh",
                 {"-c",
                  "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; "
                  "head -c 65536 /dev/zero >data; echo done; sleep 60"},
                 {.stdout_pipe = true, .working_directory = folder.path().string()});
  REQUIRE(worker.read_line(30s) == "done");
  const ProcessUsage usage = worker.usage();
  CHECK(usage.cpu_s > 0.001);
  CHECK(usage.cpu_s < 30);
  CHECK(usage.rss_bytes > 100'000);
  CHECK(usage.threads == 1);
  CHECK(usage.descriptors == 3);

  worker.kill(SIGKILL);
  REQUIRE(worker.wait(10s));
  CHECK(worker.usage().cpu_s >= 0.001);  // what it had used stays known
  CHECK(worker.usage().rss_bytes == 0);
}

TEST_CASE("bytes that a process writes to files are counted") {
  const ProcessUsage before = usage_of(::getpid());
  const TempDir folder;
  write_file(folder.file("data"), std::string(300'000, 'x'));
  const ProcessUsage after = usage_of(::getpid());
  CHECK(after.written_chars - before.written_chars >= 300'000);
}

TEST_CASE("stop asks first and kills what does not listen") {
  Process deaf("/bin/sh", {"-c", "trap '' TERM; echo ready; while :; do sleep 1; done"},
               {.stdout_pipe = true});
  REQUIRE(deaf.read_line(10s) == "ready");
  CHECK(deaf.stop(50ms).signal == SIGKILL);
  Process polite("/bin/sleep", {"60"});
  CHECK(polite.stop(10s).signal == SIGTERM);
}

TEST_CASE("eventually throws with its own words at the deadline") {
  CHECK_THROWS_WITH_AS(eventually("the moon is down", 5ms, [] { return false; }),
                       "not within 5 ms: the moon is down", std::runtime_error);
  int looks = 0;
  CHECK_NOTHROW(eventually("third look", 10s, [&] { return ++looks == 3; }));
}
