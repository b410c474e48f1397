#!/bin/sh
# Ends the children of a process that can no longer do so itself, because it was killed.
#
# The process holds our standard input open and tells us about each child: "add <process group> <signal>" and
# "remove <process group>". When the input ends, every group that is left gets its signal and, five seconds
# later, the one that cannot be refused.

trap '' HUP INT TERM
groups=

while read -r verb group signal; do
  case $verb in
    add) groups="$groups $group:$signal" ;;
    remove)
      kept=
      for entry in $groups; do
        [ "${entry%%:*}" = "$group" ] || kept="$kept $entry"
      done
      groups=$kept
      ;;
  esac
done

tell() { # tell <signal> <group>: fails when nobody is left in the group
  kill -s "$1" -- "-$2" 2>/dev/null
}

for entry in $groups; do
  tell "${entry##*:}" "${entry%%:*}"
done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
  alive=
  for entry in $groups; do
    tell 0 "${entry%%:*}" && alive=yes
  done
  [ "$alive" ] || exit 0
  sleep 0.2
done
for entry in $groups; do
  tell KILL "${entry%%:*}"
done
