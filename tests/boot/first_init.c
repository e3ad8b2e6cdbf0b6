// The first process of the boot test's machine: loads the modules that the disk needs, in the order of /modules/order,
// mounts the disk and becomes its init. Static, and all that the first root file system holds beside the modules.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char* what, const char* which) {
  printf("first_init: %s %s: %s\n", what, which, strerror(errno));
  fflush(stdout);
}

static void load(const char* name) {
  char path[512];
  snprintf(path, sizeof path, "/modules/%s", name);
  const int module = open(path, O_RDONLY | O_CLOEXEC);
  // One that this processor has no use for is no reason to stop: the disk will tell.
  if (module < 0 || syscall(SYS_finit_module, module, "", 0) != 0) tell("module", name);
  if (module >= 0) close(module);
}

static void load_all(void) {
  FILE* order = fopen("/modules/order", "re");
  if (order == NULL) return;
  char line[256];
  while (fgets(line, sizeof line, order) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] != '\0') load(line);
  }
  fclose(order);
}

// The name of the disk whose serial number is "root": which one is vda is the bus's own business.
static int find_root(char* name, size_t size) {
  for (char letter = 'a'; letter <= 'd'; ++letter) {
    char serial[32] = "";
    snprintf(name, size, "/sys/block/vd%c/serial", letter);
    const int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    const ssize_t length = read(file, serial, sizeof serial - 1);
    close(file);
    if (length >= 4 && strncmp(serial, "root", 4) == 0) {
      snprintf(name, size, "/dev/vd%c", letter);
      return 1;
    }
  }
  return 0;
}

static int wait_for_root(char* name, size_t size) {
  for (int tries = 0; tries < 500; ++tries) {
    if (find_root(name, size)) return 1;
    usleep(10000);
  }
  return 0;
}

// Whether the kernel was told to leave the disk unwritten.
static int is_read_only(void) {
  char words[2048] = " ";
  mount("proc", "/proc", "proc", 0, NULL);
  const int file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    if (read(file, words + 1, sizeof words - 2) < 0) tell("read", "/proc/cmdline");
    close(file);
  }
  umount("/proc");
  return strstr(words, " ro ") != NULL;
}

int main(void) {
  if (mount("dev", "/dev", "devtmpfs", 0, NULL) != 0) return 1;
  const int console = open("/dev/console", O_RDWR);
  for (int descriptor = 0; descriptor < 3; ++descriptor) dup2(console, descriptor);
  mount("sys", "/sys", "sysfs", 0, NULL);
  load_all();
  char disk[64];
  if (!wait_for_root(disk, sizeof disk)) {
    errno = ENODEV;
    tell("disk", "root");
    return 1;
  }
  if (mount(disk, "/root", "ext4", MS_NOATIME | (is_read_only() ? MS_RDONLY : 0), NULL) != 0) {
    tell("mount", disk);
    return 1;
  }
  umount("/sys");
  mount("/dev", "/root/dev", NULL, MS_MOVE, NULL);
  if (chdir("/root") != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0) {
    tell("enter", "/root");
    return 1;
  }
  char* const words[] = {(char*)"/sbin/init", NULL};
  execv(words[0], words);
  tell("exec", words[0]);
  return 1;
}
