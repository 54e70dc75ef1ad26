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
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  # moc for the sources that include its output. AUTOMOC would search all of them, for longer than they take to compile.
  foreach(source ${ARG_SOURCES})
    file(STRINGS ${source} hits REGEX "^#include \"[a-z0-9_]+\\.moc\"$" LIMIT_COUNT 1)
    if(hits)
      get_filename_component(stem ${source} NAME_WE)
      set(output ${CMAKE_CURRENT_BINARY_DIR}/${stem}.moc)
      qt_generate_moc(${source} ${output} TARGET ${name})
      set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS ${output})
      target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
    endif()
  endforeach()
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} Qt6::Test)
  target_compile_definitions(${name} PRIVATE SIXGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(SIXGATE_SANITIZE)
    set(environment "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/leaks.txt:print_suppressions=0")
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # Who may take longest begins first.
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} COST ${ARG_TIMEOUT}
                       ENVIRONMENT "QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8;${environment}")
endfunction()
