#!/bin/sh
# header_alone.sh STAMP DEPFILE left|right SOURCE COMPILER…: does a source that is one include compile by itself?
# Leaves STAMP when it does. Of a header left of net, nothing of Asio, TLS or sockets may have been read on the way.
set -eu
stamp=$1 depfile=$2 side=$3 source=$4
shift 4
rm -f "$stamp"
# In a make rule, blanks of a path are escaped.
target=$(printf '%s' "$stamp" | sed 's/ /\\ /g')
"$@" -fsyntax-only -MD -MT "$target" -MF "$depfile" "$source"
if [ "$side" = left ] && grep -oE '[^ ]*/(asio(/[^ ]*)?\.hpp|openssl/ssl\.h|sys/socket\.h|sys/epoll\.h)' "$depfile"; then
  echo "$source: the header above was read, and belongs to net and the rooms right of it" >&2
  exit 1
fi
: >"$stamp"
