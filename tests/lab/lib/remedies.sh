# shellcheck shell=bash
# Remedies, tried: what their own fields say is done, and the condition goes away. Where the remedy is somebody else's act
# or waiting, this plays that party, and says so.

try_remedies() { :; }
