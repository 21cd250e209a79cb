/* archive.c: the members of a tar or zip, as they stream by.
 *
 * zip is read front to back by the headers before each member; the directory at its end is not
 * looked at.
 */
#include "store/archive_lib.h"

#include <sys/stat.h>

#define ARCHIVE_MAGIC 0x41524348u
enum { ZERO_BYTES = 65536 };

struct Archive {
    uint32_t magic;
    Arena arena;                 /* holds the archive itself                                      */
    Arena member;                /* of the present member's name                                  */
    Feed feed;
    struct archive *handle;
    Str name;
    Str member_name;
    bool is_file, is_being_read, has_failed;
};

bool archive_open(Reader *below, Archive **out, Err *err)
{
    CHECK(below, READER_MAGIC);
    Reader *plain;
    const ArchiveLib *lib;
    TRY(reader_unpack(below, &plain, err));
    if (!archive_lib(&lib, err)) {
        reader_close(plain);
        return false;
    }
    Arena arena = {0};
    Archive *archive = NEW(&arena, Archive);
    archive->magic = ARCHIVE_MAGIC;
    archive->name = str_copy(&arena, reader_name(plain));
    archive->arena = arena;
    archive->feed = (Feed){.lib = lib, .below = plain};
    archive->handle = lib->archive_read_new();
    assert(archive->handle);
    lib->archive_read_support_format_tar(archive->handle);
    lib->archive_read_support_format_zip_streamable(archive->handle);
    if (!feed_open(&archive->feed, archive->handle, archive->name, err)) {
        archive_close(archive);
        return false;
    }
    *out = archive;
    return true;
}

void archive_close(Archive *archive)
{
    if (!archive)
        return;
    CHECK(archive, ARCHIVE_MAGIC);
    assert(!archive->is_being_read);
    archive->feed.lib->archive_read_free(archive->handle);
    reader_close(archive->feed.below);
    err_drop(&archive->feed.failure);
    arena_drop(&archive->member);
    Arena arena = archive->arena;
    arena_drop(&arena);
}

/* Would the name lead out of the folder it is unpacked to? Both kinds of slashes count. */
static bool is_unsafe(Str name)
{
    if (!name.len || name.at[0] == '/' || name.at[0] == '\\' || (name.len > 1 && name.at[1] == ':'))
        return true;
    size_t begin = 0;
    for (size_t i = 0; i <= name.len; i++)
        if (i == name.len || name.at[i] == '/' || name.at[i] == '\\') {
            if (str_is(str_slice(name, begin, i), ".."))
                return true;
            begin = i + 1;
        }
    return false;
}

/* The name as it stands there. */
static Str name_of(const ArchiveLib *lib, struct archive_entry *entry)
{
    const char *name = lib->archive_entry_pathname(entry);
    if (name && !*name)
        name = NULL;
    return str_of(name ? name : lib->archive_entry_pathname_utf8(entry));
}

/* A tar ends with empty blocks: without any, it was cut between two members. libarchive takes that
 * for an end. */
static bool archive_end(Archive *archive, Err *err)
{
    Feed *feed = &archive->feed;
    bool is_tar = (feed->lib->archive_format(archive->handle) & ARCHIVE_FORMAT_BASE_MASK) ==
                  ARCHIVE_FORMAT_TAR;
    static const char empty[TAR_BLOCK_BYTES];
    if (feed->failure.kind != ERR_NONE)
        return feed_fail(feed, archive->handle, archive->name, err);
    if (is_tar && feed->is_drained && memcmp(feed->tail, empty, TAR_BLOCK_BYTES) != 0)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT
                       " cannot be unpacked: truncated tar (empty blocks at its end are missing)",
                       STR_ARG(archive->name));
    return feed_drain(feed, archive->name, err);
}

bool archive_next(Archive *archive, Member *member, bool *has, Err *err)
{
    CHECK(archive, ARCHIVE_MAGIC);
    assert(!archive->is_being_read);
    const ArchiveLib *lib = archive->feed.lib;
    if (archive->has_failed)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT ": unpacking failed before",
                       STR_ARG(archive->name));
    struct archive_entry *entry;
    locale_t before = utf8_begin();
    int result = lib->archive_read_next_header(archive->handle, &entry);
    utf8_end(before);
    if (result == ARCHIVE_EOF) {
        *has = archive->is_file = false;
        archive->has_failed = !archive_end(archive, err);
        return !archive->has_failed;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
        archive->has_failed = true;
        return feed_fail(&archive->feed, archive->handle, archive->name, err);
    }
    arena_reset(&archive->member);
    archive->member_name = str_copy(&archive->member, name_of(lib, entry));
    archive->is_file = S_ISREG(lib->archive_entry_filetype(entry)) &&
                       !lib->archive_entry_hardlink(entry);
    bool has_size = lib->archive_entry_size_is_set(entry);
    bool has_time = lib->archive_entry_mtime_is_set(entry);
    *member = (Member){
        .name = archive->member_name,
        .size_bytes = has_size ? lib->archive_entry_size(entry) : -1,
        .modified_at_us = has_time ? (int64_t)lib->archive_entry_mtime(entry) * 1000000 +
                                         lib->archive_entry_mtime_nsec(entry) / 1000
                                   : 0,
        .is_file = archive->is_file,
        .is_folder = S_ISDIR(lib->archive_entry_filetype(entry)),
        .is_unsafe = is_unsafe(archive->member_name),
        .link = S_ISLNK(lib->archive_entry_filetype(entry))
                    ? str_copy(&archive->member, str_of(lib->archive_entry_symlink(entry)))
                    : STR_NONE,
    };
    *has = true;
    return true;
}

/* ---- a member ---- */

typedef struct MemberReader {
    Reader reader;
    Archive *archive;
    uint64_t position;           /* bytes given                                                   */
    Str block;                   /* what libarchive gave, not yet passed on                       */
    uint64_t block_at;           /* its offset: behind `position` after a hole                    */
} MemberReader;

/* Holes of sparse files are zeros. */
static bool member_give(MemberReader *self, Str *piece)
{
    static const char zeros[ZERO_BYTES];
    if (self->block_at > self->position) {
        uint64_t len = self->block_at - self->position;
        *piece = (Str){zeros, len < ZERO_BYTES ? (size_t)len : ZERO_BYTES};
    } else {
        *piece = self->block;
        self->block = STR_NONE;
        self->block_at += piece->len;
    }
    self->position += piece->len;
    return piece->len > 0;
}

static bool member_next(Reader *reader, Str *piece, Err *err)
{
    MemberReader *self = (MemberReader *)reader;
    Archive *archive = self->archive;
    for (;;) {
        if (member_give(self, piece))
            return true;
        const void *at = NULL;
        size_t len = 0;
        la_int64_t offset = 0;
        int result = archive->feed.lib->archive_read_data_block(archive->handle, &at, &len,
                                                                &offset);
        if (result != ARCHIVE_OK && result != ARCHIVE_EOF) {
            archive->has_failed = result == ARCHIVE_FATAL;
            return feed_fail(&archive->feed, archive->handle, reader->name, err);
        }
        self->block = (Str){at, len};
        self->block_at = offset > 0 ? (uint64_t)offset : 0;
        if (result == ARCHIVE_EOF) {
            self->block = STR_NONE;
            if (self->block_at <= self->position) {
                *piece = STR("");
                return true;
            }
        }
    }
}

static void member_close(Reader *reader)
{
    ((MemberReader *)reader)->archive->is_being_read = false;
}

static const ReaderKind member_reader = {member_next, member_close};

bool archive_read(Archive *archive, Reader **out, Err *err)
{
    CHECK(archive, ARCHIVE_MAGIC);
    assert(!archive->is_being_read);
    Str name = str_print(&archive->member, STR_FMT ": " STR_FMT, STR_ARG(archive->name),
                         STR_ARG(archive->member_name));
    if (!archive->is_file)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT " is no file", STR_ARG(name));
    MemberReader *self =
        (MemberReader *)reader_make(sizeof(MemberReader), &member_reader, name, NULL);
    self->archive = archive;
    archive->is_being_read = true;
    *out = &self->reader;
    return true;
}
