/* s3_write.c: one PUT, or parts side by side.
 *
 *   slots   [being filled] [in flight] [in flight]      parts_in_flight + 1, used in turn
 *
 * An object is not seen before its last request is answered. An upload in parts that does not get
 * there is aborted: parts that are left behind cost money and are seen by nobody.
 */
#include "store/s3.h"

#include <unistd.h>

#include "base/hash.h"
#include "store/s3_xml.h"

#define PART_BYTES ((size_t)8 << 20)
enum { MOST_SLOTS = 17, MOST_PARTS = 10000, PARTS_A_SIZE = 1000, MOST_ABORTS = 5 };

typedef struct Part {
    Text bytes;
    S3Call call;
    uint32_t number;             /* from 1                                                        */
} Part;

typedef struct S3Writer {
    Writer writer;
    S3 *s3;
    Str key, shown;              /* whole; relative to the store                                  */
    Str upload_id;               /* empty: no upload in parts                                     */
    Part *slots;
    unsigned slot_count, filling;
    List(Str) etags;             /* of the parts, as the server wrote them                        */
} S3Writer;

/* 10,000 parts make 8 TiB: each thousand is twice as large as the one before. */
static size_t part_size(const S3Writer *self)
{
    return PART_BYTES << (self->etags.len / PARTS_A_SIZE);
}

static S3Ask part_ask(const S3Writer *self, const char *method)
{
    return (S3Ask){.method = method, .key = self->key};
}

static void add_conditions(const S3Writer *self, S3Ask *ask, Arena *arena)
{
    const WriteOptions *options = &self->writer.options;
    if (options->if_absent)
        s3_add_header(ask, "if-none-match", STR("*"));
    if (options->if_etag.len)
        s3_add_header(ask, "if-match",
                      str_print(arena, "\"" STR_FMT "\"", STR_ARG(etag_bare(options->if_etag))));
}

static void add_content_type(const S3Writer *self, S3Ask *ask)
{
    Str type = self->writer.options.content_type;
    s3_add_header(ask, "content-type", type.len ? type : STR("application/octet-stream"));
}

/* A conditional write that failed because of its condition. */
static bool is_conflict(const S3Writer *self, const Response *response)
{
    const WriteOptions *options = &self->writer.options;
    return (options->if_absent || options->if_etag.len) &&
           (response->status == 412 || response->status == 409 ||
            (response->status == 404 && options->if_etag.len));
}

static bool fail(const S3Writer *self, const Response *response, Err *err)
{
    bool has_lost = is_conflict(self, response);
    AUTO(arena) Arena scratch = {0};
    Str code = s3_code(&scratch, response);
    if (has_lost && !str_is(code, "NoSuchBucket") && !str_is(code, "NoSuchUpload"))
        return err_set(err, ERR_CONFLICT, NOWHERE, "cannot write " STR_FMT ": %s (" STR_FMT ")",
                       STR_ARG(self->writer.name),
                       self->writer.options.if_absent ? "it is there already"
                                                      : "another writer has changed it",
                       STR_ARG(code.len ? code : STR("precondition failed")));
    return s3_fail(&self->s3->store, response, self->shown, err);
}

/* ---- parts ---- */

static bool upload_begin(S3Writer *self, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    S3Ask ask = part_ask(self, "POST");
    ask.query[0] = "uploads";
    add_content_type(self, &ask);
    Response response;
    TRY(s3_do(self->s3, &ask, &scratch, &response, err));
    if (response.status != 200)
        return s3_fail(&self->s3->store, &response, self->shown, err);
    Str id = xml_text(&scratch, response.body, "UploadId");
    if (!id.len)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT ": the server gave no id of an upload",
                       STR_ARG(self->writer.name));
    self->upload_id = str_copy(&self->writer.arena, id);
    return true;
}

/* Waits for the part in a slot, if any, and empties it. */
static bool part_end(S3Writer *self, Part *part, Err *err)
{
    if (!part->call.call)
        return true;
    AUTO(arena) Arena scratch = {0};
    Response response;
    TRY(s3_end(&part->call, &scratch, &response, err));
    if (response.status != 200)
        return s3_fail(&self->s3->store, &response, self->shown, err);
    Str etag = response_header(&response, "etag");
    if (!etag.len)
        return err_set(err, ERR_RUNTIME, NOWHERE, STR_FMT ": the server gave no etag of part %u",
                       STR_ARG(self->writer.name), part->number);
    self->etags.at[part->number - 1] = str_copy(&self->writer.arena, etag);
    text_clear(&part->bytes);
    return true;
}

/* Sends the slot that was filled and turns to the next one. */
static bool part_begin(S3Writer *self, Err *err)
{
    if (!self->upload_id.len)
        TRY(upload_begin(self, err));
    if (self->etags.len == MOST_PARTS)
        return err_set(err, ERR_TOO_BIG, NOWHERE, STR_FMT " has more than %d parts",
                       STR_ARG(self->writer.name), MOST_PARTS);
    Part *part = &self->slots[self->filling];
    list_add(&self->writer.arena, &self->etags, STR_NONE);
    part->number = self->etags.len;
    char number[16];
    size_t len = 0;
    for (uint32_t n = part->number, unit = 10000; unit; unit /= 10)
        if (n >= unit)
            number[len++] = (char)('0' + n / unit % 10);
    S3Ask ask = part_ask(self, "PUT");
    ask.query[0] = "partNumber";
    ask.values[0] = (Str){number, len};
    ask.query[1] = "uploadId";
    ask.values[1] = self->upload_id;
    ask.body = text_str(&part->bytes);
    TRY(s3_begin(self->s3, &ask, &part->call, err));
    self->filling = (self->filling + 1) % self->slot_count;
    return part_end(self, &self->slots[self->filling], err);
}

static bool s3_add(Writer *writer, Str piece, Err *err)
{
    S3Writer *self = (S3Writer *)writer;
    while (piece.len) {
        Text *bytes = &self->slots[self->filling].bytes;
        size_t room = part_size(self) - bytes->len;
        if (room == 0) {
            TRY(part_begin(self, err));
            continue;
        }
        Str now = str_slice(piece, 0, room);
        text_add(bytes, now);
        piece = str_slice(piece, now.len, piece.len);
    }
    return true;
}

/* ---- the end ---- */

/* A write that was sent more than once may have met its own first copy: is what is there ours? */
static bool is_ours(S3Writer *self, Str etag, Arena *arena)
{
    AUTO(err) Err ignored = {0};
    StoreEntry entry;
    bool exists = false;
    return store_stat(&self->s3->store, self->shown, arena, &entry, &exists, &ignored) && exists &&
           str_eq(entry.etag, etag);
}

static bool put_whole(S3Writer *self, Arena *arena, Str *etag, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    S3Ask ask = part_ask(self, "PUT");
    ask.body = text_str(&self->slots[self->filling].bytes);
    add_content_type(self, &ask);
    add_conditions(self, &ask, &scratch);
    Response response;
    TRY(s3_do(self->s3, &ask, &scratch, &response, err));
    if (response.status == 200) {
        *etag = str_copy(arena, etag_bare(response_header(&response, "etag")));
        return true;
    }
    Str own = md5_hex(&scratch, ask.body);
    if (response.tries > 1 && is_conflict(self, &response) && is_ours(self, own, &scratch)) {
        *etag = str_copy(arena, own);
        return true;
    }
    return fail(self, &response, err);
}

static void print_parts(const S3Writer *self, Text *xml)
{
    text_add_c(xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (uint32_t i = 0; i < self->etags.len; i++)
        text_print(xml, "<Part><PartNumber>%u</PartNumber><ETag>" STR_FMT "</ETag></Part>", i + 1,
                   STR_ARG(self->etags.at[i]));
    text_add_c(xml, "</CompleteMultipartUpload>");
}

/* The etag that S3 makes of parts: MD5 over their MD5s, and how many; empty if they are no MD5s. */
static Str etag_of_parts(const S3Writer *self, Arena *arena)
{
    AUTO(text) Text digests = {0};
    for (uint32_t i = 0; i < self->etags.len; i++) {
        Str hex = etag_bare(self->etags.at[i]);
        if (hex.len != 32)
            return STR("");
        for (size_t k = 0; k < 32; k += 2) {
            int byte = 0;
            for (size_t h = k; h < k + 2; h++) {
                char c = hex.at[h];
                byte = byte * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
            }
            text_add_char(&digests, (char)byte);
        }
    }
    return str_print(arena, STR_FMT "-%u", STR_ARG(md5_hex(arena, text_str(&digests))),
                     self->etags.len);
}

/* A server may answer 200 and tell of its failure afterwards, in the body: that may be tried
 * again. */
static bool upload_end(S3Writer *self, Arena *arena, Str *etag, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    AUTO(text) Text xml = {0};
    print_parts(self, &xml);
    S3Ask ask = part_ask(self, "POST");
    ask.query[0] = "uploadId";
    ask.values[0] = self->upload_id;
    ask.body = text_str(&xml);
    s3_add_header(&ask, "content-type", STR("application/xml"));
    add_conditions(self, &ask, &scratch);
    Response response;
    uint32_t tries = 0;
    Str code;
    do {
        TRY(s3_do(self->s3, &ask, &scratch, &response, err));
        tries += response.tries;
        code = s3_code(&scratch, &response);
        if (response.status == 200 && !code.len) {
            *etag = etag_bare(xml_text(arena, response.body, "ETag"));
            return true;
        }
    } while (response.status == 200 && tries < 3);
    Str own = etag_of_parts(self, &scratch);
    if (tries > 1 && own.len && is_ours(self, own, &scratch)) {
        *etag = str_copy(arena, own);
        return true;
    }
    if (str_is(code, "PreconditionFailed") || str_is(code, "ConditionalRequestConflict"))
        response.status = 412;
    return fail(self, &response, err);
}

static bool s3_commit(Writer *writer, Arena *arena, Str *etag, Err *err)
{
    S3Writer *self = (S3Writer *)writer;
    if (!self->upload_id.len && self->slots[self->filling].bytes.len <= PART_BYTES)
        return put_whole(self, arena, etag, err);
    if (self->slots[self->filling].bytes.len)
        TRY(part_begin(self, err));
    for (unsigned i = 0; i < self->slot_count; i++)
        TRY(part_end(self, &self->slots[i], err));
    return upload_end(self, arena, etag, err);
}

/* A part that the server still takes in, though its request was cancelled, outlives an abort: then
 * it is asked again until it knows the upload no more. */
static void upload_abort(S3Writer *self, bool was_cancelled)
{
    AUTO(arena) Arena scratch = {0};
    S3Ask ask = part_ask(self, "DELETE");
    ask.query[0] = "uploadId";
    ask.values[0] = self->upload_id;
    ask.tries = 3;
    for (unsigned i = 0; i < (was_cancelled ? MOST_ABORTS : 1u); i++) {
        AUTO(err) Err ignored = {0};
        Response response;
        if (i)
            usleep(10000u << i);
        if (!s3_do(self->s3, &ask, &scratch, &response, &ignored) || response.status == 404)
            break;
    }
}

static void s3_drop(Writer *writer)
{
    S3Writer *self = (S3Writer *)writer;
    bool was_cancelled = false;
    for (unsigned i = 0; i < self->slot_count; i++)
        if (self->slots[i].call.call) {
            was_cancelled = true;
            http_cancel(self->slots[i].call.call);
        }
    for (unsigned i = 0; i < self->slot_count; i++) {
        Part *part = &self->slots[i];
        AUTO(arena) Arena scratch = {0};
        AUTO(err) Err ignored = {0};
        Response response;
        if (part->call.call && !s3_end(&part->call, &scratch, &response, &ignored))
            err_drop(&ignored);
        arena_drop(&part->call.arena);
        text_drop(&part->bytes);
    }
    if (self->upload_id.len && !writer->is_committed)
        upload_abort(self, was_cancelled);
}

static const WriterKind s3_writer = {s3_add, s3_commit, s3_drop};

bool s3_write(Store *store, Str name, const WriteOptions *options, Writer **out, Err *err)
{
    AUTO(arena) Arena scratch = {0};
    Str key;
    TRY(s3_key((S3 *)store, name, &scratch, &key, err));
    Writer *writer = writer_make(sizeof(S3Writer), &s3_writer, store_name(store, &scratch, name),
                                 options);
    S3Writer *self = (S3Writer *)writer;
    self->s3 = (S3 *)store;
    self->key = str_copy(&writer->arena, key);
    self->shown = str_copy(&writer->arena, name);
    unsigned in_flight = writer->options.parts_in_flight ? writer->options.parts_in_flight : 2;
    self->slot_count = (in_flight < MOST_SLOTS ? in_flight : MOST_SLOTS - 1) + 1;
    self->slots = NEW_N(&writer->arena, Part, self->slot_count);
    *out = writer;
    return true;
}
