# A client that goes away has its line too: with what the kernel sent to it.
. tests/it/popstat/lib.sh
needs python3
mail 50000000
# a server that sends a large file and then waits for a line
cat > "$tmp/server" <<'END'
#!/bin/sh
[ -z "${1:-}" ] || cat "$1"
read -r _
exit 0
END
chmod 755 "$tmp/server"
export USER=u@example.com

# client BYTES [reset]: reads so many, then closes, or resets; prints how many it read
cat > "$tmp/client" <<'END'
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
want, got = int(sys.argv[2]), 0
while got < want:
    got += len(s.recv(min(65536, want - got)))
if len(sys.argv) > 3:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
print(got)
END
serve "$popstat" pop3 "$tmp/server" "$tmp/mail.1"
got=$(python3 "$tmp/client" "$port" 1000000 reset)
line=$(lines)
n=$(echo "$line" | cut -d'|' -f3)
is "$(echo "$line" | sed 's/|[0-9]*|/|N|/')" 'mx1.example.net out: pop3@u@example.com|u@example.com|N|timeout' 'a reset in the middle'
[ "$n" -ge "$got" ] && [ "$n" -lt 40000000 ]
ok $? "$n bytes on the wire, $got read"
python3 "$tmp/client" "$port" 1000000 > /dev/null
is "$(lines | cut -d'|' -f4)" timeout 'closed while more is to come'

serve "$popstat" pop3 "$tmp/server"
python3 "$tmp/client" "$port" 0 reset > /dev/null
is "$(lines)" 'mx1.example.net out: pop3@u@example.com|u@example.com|0|timeout' 'a reset of an idle session'
python3 "$tmp/client" "$port" 0 > /dev/null
is "$(lines)" 'mx1.example.net out: pop3@u@example.com|u@example.com|0|success' 'one that is closed in order: its end is no byte'

# by way of the relay
serve socat - "EXEC:$popstat pop3 $tmp/server $tmp/mail.1,pipes"
got=$(python3 "$tmp/client" "$port" 1000000 reset)
line=$(lines)
n=$(echo "$line" | cut -d'|' -f3)
is "$(echo "$line" | sed 's/|[0-9]*|/|N|/')" 'mx1.example.net out: pop3@u@example.com|u@example.com|N|timeout' 'a reset behind a front end'
[ "$n" -ge "$got" ] && [ "$n" -lt 40000000 ]
ok $? "$n bytes passed on, $got read"
finish
