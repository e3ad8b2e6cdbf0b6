# What every program of the targets is made of, with the fuzzer and without.
set(fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz)
set(fuzz_sources
  ${fuzz}/api.cpp
  ${fuzz}/canonical.cpp
  ${fuzz}/command.cpp
  ${fuzz}/config.cpp
  ${fuzz}/http.cpp
  ${fuzz}/memory.cpp
  ${fuzz}/mqtt.cpp
  ${fuzz}/oracle.cpp
  ${fuzz}/pages.cpp
  ${fuzz}/partner.cpp
  ${fuzz}/pattern.cpp
  ${fuzz}/pos.cpp
  ${fuzz}/reply.cpp
  ${fuzz}/rows.cpp
  ${fuzz}/seeds.cpp
  ${fuzz}/store_image.cpp
  ${fuzz}/target.cpp
  ${fuzz}/text.cpp
  ${PROJECT_SOURCE_DIR}/tests/unit/codec/builders.cpp
  ${PROJECT_SOURCE_DIR}/tests/unit/storage/builders.cpp)

# storegate_fuzz_target(NAME): where they find each other, the corpus and the fixtures.
function(storegate_fuzz_target name)
  target_compile_definitions(${name} PRIVATE
    STOREGATE_FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures"
    STOREGATE_FUZZ_CORPUS="${PROJECT_SOURCE_DIR}/tests/fuzz/corpus")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/tests/fuzz)
endfunction()
