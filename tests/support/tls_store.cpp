// Certificates by the openssl program, a configuration, a process.
#include "tests/support/tls_store.hpp"

#include <stdexcept>

#include "tests/support/eventually.hpp"

namespace storegate::support {

std::string run_bash(const TempDir& folder, const std::string& script, std::chrono::milliseconds deadline) {
  const std::string output = folder.file("bash.out");
  write_file(output, "");
  write_file(folder.file("bash.err"), "");
  Process run("bash", {"-c", "set -euo pipefail; " + script},
              {.stdout_path = output,
               .stderr_path = folder.file("bash.err"),
               .working_directory = folder.path().string()});
  const auto ended = run.wait(deadline);
  if (!ended || !ended->clean())
    throw std::runtime_error((ended ? "failed: " : "took too long: ") + script + "\n" +
                             read_file(folder.file("bash.err")));
  return read_file(output);
}

void make_certificates(const TempDir& folder, const std::string& leaf_key) {
  run_bash(
      folder,
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 200 -subj '/CN=test "
      "root'"
      " -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem; openssl req -new -newkey " +
          leaf_key +
          " -nodes -subj /CN=localhost -keyout server.key -out server.csr; openssl x509 -req -in server.csr"
          " -CA ca.pem -CAkey ca.key -CAcreateserial -days 200 -out server.crt -extfile"
          " <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nbasicConstraints=critical,CA:FALSE\\n"
          "keyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth\\n')");
}

TlsStore::TlsStore(const std::string& program, const TlsStoreShape& shape) {
  make_certificates(folder_);
  write_file(folder_.file("storegate.toml"),
             "[store]\nid = \"door\"\n[storage]\npath = \"" + folder_.file("orders.db") +
                 "\"\nmin_free_mib = 0\n[http]\nlisten = \"" + address().text() + "\"\nadmin_listen = \"" +
                 admin_address().text() + "\"\nsocket = \"\"\ntls = { certificate = \"" +
                 folder_.file("server.crt") + "\", key = \"" + folder_.file("server.key") + "\" }\n" +
                 shape.http_lines + "[pos]\nurl = \"http://127.0.0.1:9\"\n" + shape.partners);
  process_.emplace(program, std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                   ProcessOptions{.stderr_path = folder_.file("log")});
  HttpCaller admin(admin_address());
  eventually("storegate is ready", std::chrono::seconds(20), [&] {
    if (!process_->running()) throw std::runtime_error("storegate ended: " + read_file(folder_.file("log")));
    return admin.get("/readyz").is(200);
  });
}

}  // namespace storegate::support
