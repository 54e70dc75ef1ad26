# A room is a static library; its link list is the rule of who may include whom (see ARCHITECTURE.md).
#
#   sixgate_add_room(model SOURCES a.cpp b.cpp LINKS Qt6::Core)
#   sixgate_add_test(tst_hostname SOURCES tst_hostname.cpp LIBS sixgate_model)

function(sixgate_add_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(sixgate_${name} STATIC ${ARG_SOURCES})
  # Headers are named by room ("model/hostname.h"), so that every include shows the edge it makes.
  target_include_directories(sixgate_${name} PUBLIC ${PROJECT_SOURCE_DIR}/core)
  target_link_libraries(sixgate_${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

function(sixgate_add_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  # moc only where it is needed: tests have a Q_OBJECT each, rooms that have one say AUTOMOC themselves.
  set_target_properties(${name} PROPERTIES AUTOMOC ON RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} Qt6::Test)
  target_compile_definitions(${name} PRIVATE SIXGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(SIXGATE_SANITIZE)
    set(environment "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/leaks.txt:print_suppressions=0")
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
                       ENVIRONMENT "QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8;${environment}")
endfunction()
