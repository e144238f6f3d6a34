# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# verbs.bash - what the steps are made of.  To be sourced.  $HANDLER and $RUNTIME are the runtime under test.

# ---- ctr ----

run() { # OPTIONS... ID COMMAND...: the image stands before the ID
	local options=()
	while [[ $1 = -* ]]; do options+=("$1"); shift; done
	c run --runc-binary "$RUNTIME" --runc-root "$WORK/rt" --cgroup "$CGROUP/$1" "${options[@]}" "docker.io/$IMAGE" "$@"
}

task_pid() { c task ls | awk -v id="$1" '$1 == id { print $2 }'; }

task_is() { c task ls | grep -q "^$1 .* $2\$"; }

remove() { # ID: of a task and its container
	c task rm -f "$1"
	c container rm "$1"
}

# ---- CRI ----

cri_up() {
	protoc -I "$here" --python_out="$WORK" "$here/cri.proto" || return 1
	coproc CRI { exec "$here/cri.py" "$SOCKET" "$WORK" 2>"$WORK/cri.log"; }
	# a coprocess's own descriptors are closed in subshells
	# shellcheck disable=SC2153 # bash sets it
	exec 8>&"${CRI[1]}" 9<&"${CRI[0]}"
	cri Version '{}' >/dev/null
}

cri() { # METHOD JSON: answers with JSON, sorted
	local answer
	echo "$1 $(jq -c . <<<"$2")" >&8
	IFS= read -r -t 120 answer <&9 || return 2
	jq -S . <<<"$answer"
	jq -e 'has("code") | not' <<<"$answer" >/dev/null
}

pod_config() { # NAME FILTER: a namespace is its name's first word
	jq -cn --arg name "$1" --arg logs "$WORK/logs/$1" --arg cgroup "$CGROUP" '{metadata: {name: $name, uid: $name,
		namespace: ($name | split("-")[0]), attempt: 0}, hostname: $name, log_directory: $logs,
		linux: {cgroup_parent: $cgroup}} | '"${2:-.}"
}

# runc sets no hostname in the host's UTS namespace.
host_network='.hostname = "" | .linux.security_context.namespace_options.network = "NODE"'

pod() { # NAME [FILTER]
	local answer
	mkdir -p "$WORK/logs/$1"
	pod_config "$1" "${2:-.}" >"$WORK/ids/$1.json"
	answer=$(cri RunPodSandbox "$(jq -c --arg h "$HANDLER" '{config: ., runtime_handler: $h}' "$WORK/ids/$1.json")")
	jq -r '.pod_sandbox_id // .' <<<"$answer" | tee "$WORK/ids/$1"
}

container() { # POD NAME FILTER COMMAND...: created and started
	local answer pod=$1 name=$2 filter=$3
	shift 3
	answer=$(cri CreateContainer "$(jq -cn --arg pod "$(cat "$WORK/ids/$pod")" --arg name "$name" --arg image "docker.io/$IMAGE" \
		--slurpfile sandbox "$WORK/ids/$pod.json" '{pod_sandbox_id: $pod, sandbox_config: $sandbox[0],
			config: ({metadata: {name: $name}, image: {$image}, command: $ARGS.positional,
				log_path: ($name + ".log"), linux: {}} | '"$filter"')}' --args -- "$@")") || { echo "$answer"; return 1; }
	jq -r .container_id <<<"$answer" | tee "$WORK/ids/$name"
	on "$name" StartContainer
}

on() { # NAME METHOD [JSON]: of a container
	cri "$2" "$(jq -c --arg id "$(cat "$WORK/ids/$1")" '. + {container_id: $id}' <<<"${3:-{\}}")"
}

on_pod() { # NAME METHOD
	cri "$2" "$(jq -cn --arg id "$(cat "$WORK/ids/$1")" '{pod_sandbox_id: $id}')"
}

sync() { # NAME COMMAND...
	local name=$1
	shift
	on "$name" ExecSync "$(jq -cn '{cmd: $ARGS.positional, timeout: 20}' --args -- "$@")"
}

stream() { # NAME METHOD JSON STDIN [UNTIL]
	local url
	url=$(on "$1" "$2" "$3") || { echo "$url"; return 1; }
	cri Stream "$(jq -c --arg in "$4" --arg until "${5-}" '{url, stdin: $in, until: $until}' <<<"$url")"
}

cri_pid() { on "$1" ContainerStatus '{"verbose": true}' | jq -r '.info.info | fromjson | .pid'; }

state() { on "$1" ContainerStatus | jq -c '.status | {state, exit_code, reason, message}'; }
state_is() { [ "$(on "$1" ContainerStatus | jq -r .status.state)" = "CONTAINER_$2" ]; }

end_pod() { # NAME
	on_pod "$1" StopPodSandbox
	on_pod "$1" RemovePodSandbox
}

# ---- of both ----

process() { # PID
	process_facts "$1" 'Name|Umask|Uid|Gid|Groups|Sig[PBIC]|ShdPnd|Cap|NoNewPrivs|Seccomp'
	awk '{ print $5, $6, $9 }' "/proc/$1/mountinfo"
}

cgroup() { # PID
	local mount path folder
	cat "/proc/$1/cgroup"
	while IFS=: read -r _ mount path; do
		folder=/sys/fs/cgroup/${mount#name=}$path
		[ -n "$mount" ] || folder=/sys/fs/cgroup/unified$path
		[ -d "$folder" ] || folder=/sys/fs/cgroup$path
		(cd "$folder" 2>/dev/null && grep -sH . memory.limit_in_bytes memory.max cpu.shares cpu.weight \
			pids.max freezer.state cgroup.freeze devices.list)
	done <"/proc/$1/cgroup"
}
