# Every library comes from Debian; installer/packages.txt names the packages.

find_package(Qt6 6.4 REQUIRED COMPONENTS Core Network Test)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(tl-expected REQUIRED)
find_package(Qt6Keychain REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(Libssh2 REQUIRED IMPORTED_TARGET libssh2>=1.10)
pkg_check_modules(Ldns REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(Mnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(Miniupnpc REQUIRED IMPORTED_TARGET miniupnpc)
pkg_check_modules(Archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(Idn2 REQUIRED IMPORTED_TARGET libidn2)
