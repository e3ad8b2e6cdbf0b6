// Planted: calls another room through a declaration of its own, so that no include shows it.
namespace storegate::storage {
int planted_rows();
}
namespace storegate::platform {
int planted_bytes();
}

int planted_other_room() { return storegate::storage::planted_rows() + storegate::platform::planted_bytes(); }
