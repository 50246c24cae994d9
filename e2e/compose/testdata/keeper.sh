#!/usr/bin/env bash
# Takes away what the test made in the engine as soon as the test has ended, however it ended: then nobody holds the other end of
# standard input. With an argument it also runs an engine of its own, in that folder, for as long.
#
#   COMPOSE_PROJECT_NAME=... SESSNODE_TAG=... DOCKER_HOST=... keeper.sh [FOLDER]
trap '' INT TERM HUP
folder=${1:-}
if [ -n "$folder" ]; then
  bridge=$(ip link show docker0 2>/dev/null) # the engine makes it and leaves it
  dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" --host "$DOCKER_HOST" \
    </dev/null >"$folder/log" 2>&1 &
  engine=$!
fi

last=$(cat) # until the test ends; "done" when it had no call to the engine under way
clean() {
  local filter
  for filter in "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" "label=sessnode.test=$COMPOSE_PROJECT_NAME"; do
    docker ps -aq --filter "$filter" | xargs -r docker rm -f -v
    docker volume ls -q --filter "$filter" | xargs -r docker volume rm -f
    docker network ls -q --filter "$filter" | xargs -r docker network rm
  done
  docker images -q --filter "reference=sessnode*:$SESSNODE_TAG" | xargs -r docker image rm -f
}
clean
if [ "$last" != done ]; then # what the test had asked for may still come
  for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; clean; done
fi
if [ -n "$folder" ]; then
  kill -TERM "$engine"
  wait "$engine"
  [ -n "$bridge" ] || ip link delete docker0 2>/dev/null
  rm -rf "$folder"
fi
