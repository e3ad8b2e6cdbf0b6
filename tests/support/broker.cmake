# A real mosquitto for tests.
add_library(support_broker STATIC ${CMAKE_CURRENT_LIST_DIR}/broker.cpp)
target_link_libraries(support_broker PUBLIC storegate_settings)
