/* thrift.h: thrift's compact protocol, written and read. private to parquet/
 *
 * A struct is fields with rising ids, each one byte (id's step, wire type) and a value; 0 ends it.
 * Source: "Thrift Compact protocol encoding", Apache Thrift.
 */
#ifndef PARQUET_THRIFT_H
#define PARQUET_THRIFT_H

#include "parquet/format.h"

enum { THRIFT_DEEPEST = 16 };

/* ---- writing ---- */

typedef struct Thrift {
    Text *out;
    int last[THRIFT_DEEPEST];    /* id of the field before, one a struct that is open            */
    unsigned depth;
} Thrift;

void thrift_i32(Thrift *thrift, int id, int32_t number);
void thrift_i64(Thrift *thrift, int id, int64_t number);
void thrift_byte(Thrift *thrift, int id, int8_t number);
void thrift_bool(Thrift *thrift, int id, bool is_true);
void thrift_bytes(Thrift *thrift, int id, Str bytes);
/* id 0: a struct that is no field: the outermost one, or an item of a list. */
void thrift_struct(Thrift *thrift, int id);
void thrift_end(Thrift *thrift);
/* The head of a list; then come its items, by the two functions below or thrift_struct(0). */
void thrift_list(Thrift *thrift, int id, int wire, uint64_t count);
void thrift_item_i32(Thrift *thrift, int32_t number);
void thrift_item_bytes(Thrift *thrift, Str bytes);

/* ---- reading ---- */

/* Bytes of anybody: what makes no sense sets is_bad, and from then on everything is empty. */
typedef struct ThriftReader {
    const uint8_t *at, *end;
    bool is_bad;
    int last;                    /* id of the field before, in the struct that is read           */
    unsigned depth;
} ThriftReader;

/* The next field of a struct. False: its end, or damage. */
bool thrift_next(ThriftReader *reader, int *id, int *wire);
/* Around the fields of a struct within: */
int thrift_enter(ThriftReader *reader);
void thrift_leave(ThriftReader *reader, int last);
int64_t thrift_read_int(ThriftReader *reader, int wire);
bool thrift_read_bool(ThriftReader *reader, int wire);
Str thrift_read_bytes(ThriftReader *reader, int wire);
/* Count of items and their wire type. Every item takes a byte at least, so count is no more than
 * the bytes that are left. */
uint64_t thrift_read_list(ThriftReader *reader, int wire, int *item);
/* Passes over a value. */
void thrift_skip(ThriftReader *reader, int wire);
/* The same for an item of a list: there a boolean is a byte. */
void thrift_skip_item(ThriftReader *reader, int wire);

#endif
