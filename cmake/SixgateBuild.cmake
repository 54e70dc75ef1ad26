# Compiler settings for every target: standard, warnings as errors, hardening, sanitizers, ccache.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

find_program(SIXGATE_CCACHE ccache)
if(SIXGATE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SIXGATE_CCACHE})
endif()

# Most of a build's time would go into linking the tests.
find_program(SIXGATE_MOLD mold)
if(SIXGATE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
# Line numbers for traces; variables are for the debug preset.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

set(SIXGATE_SANITIZE "" CACHE STRING "Sanitizers, comma separated (address,undefined)")

add_compile_options(
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  -Wformat=2 -Wnull-dereference -Wduplicated-cond -Wlogical-op -Wno-missing-field-initializers)
add_compile_definitions(
  QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_URL_CAST_FROM_STRING QT_NO_KEYWORDS
  QT_NO_FOREACH QT_STRICT_ITERATORS _GLIBCXX_ASSERTIONS)

# Hardening. _FORTIFY_SOURCE needs optimisation and does not mix with the address sanitizer.
add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
if(SIXGATE_SANITIZE)
  add_compile_options(-fsanitize=${SIXGATE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SIXGATE_SANITIZE})
  # GCC's null-dereference analysis reports false positives in instrumented code.
  add_compile_options(-Wno-null-dereference)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
