#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs.sh DIR - a root file system of a few MB: the installed Debian nginx as it is, its
# libraries, a shell, and the guestbook.  Equal hosts make equal trees, times included.
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)
root=${1:?usage: rootfs.sh DIR}
nginx=/usr/sbin/nginx
packages="nginx bash dash coreutils libc6"

[ -x "$nginx" ] || { echo "rootfs.sh: $nginx is missing: apt-get install nginx-light" >&2; exit 2; }
if [ -e "$root" ] && [ -n "$(ls -A "$root")" ]; then
	echo "rootfs.sh: $root is not empty" >&2
	exit 2
fi

# With everything that ldd names beside it, at the paths that the loader looks at.
copy() {
	local file lib
	for file in "$@"; do
		install -D -m755 "$(realpath "$file")" "$root/usr${file#/usr}"
		for lib in $(ldd "$file" | grep -o '/[^ ]*'); do
			[ -e "$root$lib" ] || install -D -m755 "$(realpath "$lib")" "$root$lib"
		done
	done
}

pages() {
	local i
	for i in 1 2 3 4 5 6; do
		seq -f "line %g of page $i" $((i * i * 60)) >"$root/srv/www/page$i.txt"
	done
	seq 1 600000 >"$root/srv/www/large.bin"
	echo '<h1>guestbook</h1>' >"$root/srv/www/index.html"
	for i in anna bert carla; do
		seq -f "$i writes line %g" 20 >"$root/srv/guestbook/$i"
	done
}

mkdir -p "$root"/{dev,etc/nginx,proc,root,run,srv/{www/up,guestbook},sys,tmp} \
	"$root"/usr/{bin,sbin,lib,lib64} "$root"/var/{lib/{dpkg,nginx},log/nginx}
for i in bin sbin lib lib64; do ln -s "usr/$i" "$root/$i"; done
chmod 1777 "$root/tmp"

copy "$nginx" /usr/bin/{bash,cat,cksum,id,ls,sleep,true,env}
install -m755 "$(realpath /usr/bin/dash)" "$root/usr/bin/dash"
ln -s dash "$root/usr/bin/sh"
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -o "$root/usr/sbin/guestbook" "$demo/app.c"

cp /etc/nginx/mime.types "$root/etc/nginx/"
cp "$demo/guestbook.conf" "$root/etc/nginx/"
cp /usr/lib/os-release "$root/etc/os-release"
printf 'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n' \
	>"$root/etc/passwd"
printf 'root:x:0:\nwww-data:x:33:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
echo 'key-of-nobody' >"$root/etc/guestbook.key"
for i in $packages; do dpkg-query -s "$i" 2>/dev/null || true; done >"$root/var/lib/dpkg/status"
pages
chown -R 33:33 "$root"/srv/{guestbook,www/up} "$root/var/lib/nginx"
chown 0:33 "$root/etc/guestbook.key"
chmod 640 "$root/etc/guestbook.key"
ldconfig -r "$root"
rm -rf "$root/var/cache"
find "$root" -exec touch -h -d @1700000000 {} +
