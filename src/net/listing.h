/* listing.h: what a server's `ls -l` means. private to net/ */
#ifndef NET_LISTING_H
#define NET_LISTING_H

#include "net/net.h"

/* Reads the lines of OpenSSH's SFTP server and of FTP servers:
 *
 *   -rw-r--r--    1 me       my group     1234 Nov 21 16:14 a name.csv       this or the past year
 *   drwxr-xr-x    2 0        0            4096 Jan 01  2020 folder
 *   -rw-r--r-- 1 me me 1234 2026-11-21 16:14 name                            long-iso
 *
 * Times are taken for UTC; a date without a year is the latest one that is not more than a day
 * ahead of now_us. Links count as files, under their own name; devices, pipes and sockets are
 * passed over, as are . and .. and the line "total 12".
 * Fails  ERR_RUNTIME: a line is of another kind: no file may be missed in silence
 * Owner  the arena */
MUST bool listing_parse(Arena *arena, Str text, int64_t now_us, RemoteEntries *out, Err *err);

#endif
