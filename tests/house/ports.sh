# tests/house/ports.sh: ports for the programs that scripts of the tests start. Sourced by bash.

listening() { # PORT: something accepts there
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_port FROM: prints the first port from there on that is free for a demonstration, whose health is 1000 above. Below
# 31768 it lies among those that the kernel gives to no connection: one of another test could hold it.
free_port() {
  candidate=$1
  while listening "$candidate" || listening "$((candidate + 1000))"; do candidate=$((candidate + 1)); done
  echo "$candidate"
}
