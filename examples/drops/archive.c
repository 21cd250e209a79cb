/* archive.c: see archive.h. */
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { TAR_BLOCK = 512, BOMB_BYTES = 100 * 1000 * 1000, PIECE = 1 << 18 };

#define AS_NAME(id, name, loads) name,
static const char *const names[] = {DEFECTS(AS_NAME)};
#undef AS_NAME
#define AS_LOADS(id, name, loads) loads,
static const bool loads[] = {DEFECTS(AS_LOADS)};
#undef AS_LOADS

const char *defect_name(Defect defect)
{
    return names[defect];
}

bool defect_loads(Defect defect)
{
    return loads[defect];
}

Defect defect_find(const char *name, size_t len)
{
    for (int i = 0; i < DEFECT_COUNT; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return (Defect)i;
    return DEFECT_COUNT;
}

struct Archive {
    z_stream zip;
    int level;
    Buffer bytes;
    int stream;                      /* -1: none                                                  */
    bool has_failed;                 /* to write to it                                            */
};

static void die(const char *text)
{
    fprintf(stderr, "drops-generate: %s\n", text);
    exit(1);
}

Archive *archive_make(int level)
{
    Archive *archive = calloc(1, sizeof *archive);
    if (archive == NULL ||
        deflateInit2(&archive->zip, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        die("out of memory");
    archive->level = level;
    archive->stream = -1;
    return archive;
}

void archive_drop(Archive *archive)
{
    deflateEnd(&archive->zip);
    buffer_drop(&archive->bytes);
    free(archive);
}

static bool write_all(int file, const char *at, size_t len)
{
    while (len > 0) {
        ssize_t written = write(file, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        len -= (size_t)written;
    }
    return true;
}

void archive_begin(Archive *archive, int stream)
{
    if (deflateReset(&archive->zip) != Z_OK)
        die("zlib cannot begin");
    archive->bytes.len = 0;
    archive->stream = stream;
    archive->has_failed = false;
}

static void pack_at(Archive *archive, int level)
{
    buffer_reserve(&archive->bytes, PIECE);
    archive->zip.next_out = (Bytef *)archive->bytes.at + archive->bytes.len;
    archive->zip.avail_in = 0;
    archive->zip.avail_out = PIECE;
    if (deflateParams(&archive->zip, level, Z_DEFAULT_STRATEGY) != Z_OK)
        die("zlib cannot change its level");
    archive->bytes.len += PIECE - archive->zip.avail_out;
}

static void pack(Archive *archive, const void *bytes, size_t len, bool is_end)
{
    archive->zip.next_in = (Bytef *)(uintptr_t)bytes;
    for (bool is_done = false; !is_done;) {
        size_t piece = len > PIECE ? PIECE : len;
        archive->zip.avail_in = (uInt)piece;
        len -= piece;
        do {
            buffer_reserve(&archive->bytes, PIECE);
            archive->zip.next_out = (Bytef *)archive->bytes.at + archive->bytes.len;
            archive->zip.avail_out = PIECE;
            int said = deflate(&archive->zip, is_end && len == 0 ? Z_FINISH : Z_NO_FLUSH);
            if (said == Z_STREAM_ERROR)
                die("zlib cannot compress");
            archive->bytes.len += PIECE - archive->zip.avail_out;
            if (archive->stream >= 0) {
                archive->has_failed |=
                    !write_all(archive->stream, archive->bytes.at, archive->bytes.len);
                archive->bytes.len = 0;
            }
        } while (archive->zip.avail_out == 0);
        is_done = len == 0;
    }
}

/* A header of the ustar format. */
static void add_header(Archive *archive, const char *name, uint64_t size, char type,
                       const char *target)
{
    char block[TAR_BLOCK] = {0};
    snprintf(block, 100, "%s", name);
    memcpy(block + 100, "0000644", 8);
    memcpy(block + 108, "0001750", 8);
    memcpy(block + 116, "0001750", 8);
    char number[13];
    snprintf(number, sizeof number, "%011llo", (unsigned long long)size);
    memcpy(block + 124, number, 12);
    memcpy(block + 136, "15000000000", 12);
    memset(block + 148, ' ', 8);
    block[156] = type;
    if (target != NULL)
        snprintf(block + 157, 100, "%s", target);
    memcpy(block + 257, "ustar\00000", 8);
    memcpy(block + 265, "partner", 8);
    memcpy(block + 297, "partner", 8);
    unsigned sum = 0;
    for (int i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(number, sizeof number, "%06o", sum);
    memcpy(block + 148, number, 7);
    pack(archive, block, sizeof block, false);
}

static void add_padding(Archive *archive, uint64_t size)
{
    static const char zeros[TAR_BLOCK];
    if (size % TAR_BLOCK != 0)
        pack(archive, zeros, TAR_BLOCK - size % TAR_BLOCK, false);
}

void archive_add(Archive *archive, const char *name, const Buffer *content)
{
    add_header(archive, name, content->len, '0', NULL);
    if (content->len != 0)
        pack(archive, content->at, content->len, false);
    add_padding(archive, content->len);
}

void archive_add_link(Archive *archive, const char *name, const char *target)
{
    add_header(archive, name, 0, '2', target);
}

void archive_add_bomb(Archive *archive, const char *name)
{
    Buffer block = {0};
    for (int i = 0; i < PIECE / 4; i++)
        buffer_add(&block, "0,0\n", 4);
    add_header(archive, name, BOMB_BYTES, '0', NULL);
    pack_at(archive, 9);
    for (size_t left = BOMB_BYTES; left > 0;) {
        size_t piece = left > block.len ? block.len : left;
        pack(archive, block.at, piece, false);
        left -= piece;
    }
    add_padding(archive, BOMB_BYTES);
    pack_at(archive, archive->level);
    buffer_drop(&block);
}

/* Bytes of a generator without period worth the name: nothing packs or reads them. */
static void fill_noise(char *at, size_t len)
{
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        at[i] = (char)(state >> 24);
    }
}

static void break_bytes(Buffer *bytes, Defect defect)
{
    switch (defect) {
    case DEFECT_TRUNCATED:
        bytes->len = bytes->len * 3 / 5;
        return;
    case DEFECT_CORRUPT:
        fill_noise(bytes->at + bytes->len / 2, bytes->len / 8 + 1);
        return;
    case DEFECT_GARBAGE:
        fill_noise(bytes->at, bytes->len);
        return;
    case DEFECT_VOID:
        bytes->len = 0;
        return;
    default:
        return;
    }
}

bool archive_end(Archive *archive, Defect defect)
{
    static const char zeros[2 * TAR_BLOCK];
    static const char text[] = "This is a letter, not an archive.\n";
    if (defect == DEFECT_NOT_TAR) {
        archive_begin(archive, archive->stream);
        for (int i = 0; i < 100; i++)
            pack(archive, text, sizeof text - 1, i == 99);
    } else {
        pack(archive, zeros, sizeof zeros, true);
    }
    break_bytes(&archive->bytes, defect);
    return !archive->has_failed;
}

const Buffer *archive_bytes(const Archive *archive)
{
    return &archive->bytes;
}

bool archive_save(const Archive *archive, const char *path)
{
    Buffer beside = {0};
    buffer_print(&beside, "%s.tmp", path);
    buffer_add(&beside, "", 1);
    int file = open(beside.at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool is_written = file >= 0 && write_all(file, archive->bytes.at, archive->bytes.len);
    is_written = file >= 0 && close(file) == 0 && is_written;
    is_written = is_written && rename(beside.at, path) == 0;
    buffer_drop(&beside);
    return is_written;
}
