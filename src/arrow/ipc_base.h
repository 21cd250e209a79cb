/* ipc_base.h: numbers of Arrow's IPC format, from its Message.fbs and Schema.fbs (version 5, as of
 * Arrow 1.0), and of FlatBuffers, in which its headers are written. private to arrow/ */
#ifndef ARROW_IPC_BASE_H
#define ARROW_IPC_BASE_H

#include "arrow/arrow_base.h"

enum { IPC_CONTINUATION = -1, IPC_VERSION_5 = 4, IPC_VERSION_4 = 3, IPC_ALIGNMENT = 8 };

/* What a message is. */
enum { IPC_SCHEMA = 1, IPC_DICTIONARY = 2, IPC_RECORDS = 3 };

/* Numbers of fields in tables. */
enum { MESSAGE_VERSION, MESSAGE_KIND, MESSAGE_HEADER, MESSAGE_BODY_LENGTH, MESSAGE_FIELDS };
enum { SCHEMA_ENDIANNESS, SCHEMA_COLUMNS, SCHEMA_FIELDS };
enum {
    FIELD_NAME, FIELD_NULLABLE, FIELD_TYPE_KIND, FIELD_TYPE, FIELD_DICTIONARY, FIELD_CHILDREN,
    FIELD_METADATA, FIELD_FIELDS
};
enum { RECORDS_LENGTH, RECORDS_NODES, RECORDS_BUFFERS, RECORDS_COMPRESSION, RECORDS_FIELDS };
enum { PAIR_KEY, PAIR_VALUE, PAIR_FIELDS };

/* Types, and what their tables hold. */
enum {
    IPC_NULL = 1, IPC_INT, IPC_FLOAT, IPC_BINARY, IPC_UTF8, IPC_BOOL, IPC_DECIMAL, IPC_DATE,
    IPC_TIME, IPC_TIMESTAMP, IPC_INTERVAL, IPC_LIST, IPC_STRUCT, IPC_UNION, IPC_FIXED_BINARY,
};
enum { IPC_SINGLE = 1, IPC_DOUBLE = 2 };           /* precision of a float       */
enum { IPC_DAY = 0, IPC_MILLISECOND = 1 };         /* unit of a date             */
enum { IPC_MICROSECOND = 2 };                      /* unit of times, timestamps  */
enum { IPC_MONTH_DAY_NANO = 2 };                   /* unit of an interval        */

#define IPC_UUID_NAME "arrow.uuid"
#define IPC_JSON_NAME "arrow.json"
#define IPC_EXTENSION_KEY "ARROW:extension:name"
#define IPC_EXTENSION_VALUE "ARROW:extension:metadata"

/* How many buffers an array of that type has. */
static inline unsigned ipc_buffer_count(TypeId type)
{
    return type == ARROW_NULL ? 0 : type == ARROW_STRUCT ? 1 : arrow_is_bytes(type) ? 3 : 2;
}

#endif
