/* xml.h: XML, a token at a time, and elements as JSON; private to format/.
 *
 * What data needs of XML 1.0: elements, attributes, text, CDATA, the five entities and character
 * references. Comments, processing instructions and the DOCTYPE are passed; entities it declares
 * are not known: nothing is ever fetched or expanded.
 */
#ifndef FORMAT_XML_H
#define FORMAT_XML_H

#include "base/err.h"

typedef enum XmlKind {
    XML_MORE, /* the token is cut by the end of the bytes                      */
    XML_BAD,
    XML_OPEN, /* <name a="b">: the attributes are in `attributes`              */
    XML_CLOSE,
    XML_TEXT,
    XML_CDATA,
    XML_OTHER, /* a comment, an instruction, the DOCTYPE                        */
} XmlKind;

typedef struct XmlAttribute {
    Str name, value; /* value: decoded                                                */
} XmlAttribute;

typedef struct XmlToken {
    XmlKind kind;
    Str name; /* OPEN, CLOSE: with its prefix; a view                          */
    Str text; /* TEXT (decoded), CDATA                                         */
    List(XmlAttribute) attributes;
    bool is_empty;       /* OPEN: <name/>                                                 */
    const char *end;     /* behind the token; BAD: at the fault                           */
    const char *message; /* BAD                                                           */
} XmlToken;

/* Takes the token at `at`, which must be < end. is_whole: no more bytes follow. Owner of decoded
 * texts: the arena. */
void xml_next(Arena *arena, const char *at, const char *end, bool is_whole, XmlToken *token);

/* An element on its way to JSON. Owner: an arena. */
typedef struct XmlNode XmlNode;
XmlNode *xml_node_make(Arena *arena, const XmlToken *open, XmlNode *parent);
XmlNode *xml_node_parent(const XmlNode *node);
void xml_node_add_text(Arena *arena, XmlNode *node, Str text, bool is_cdata);
/* Attributes as "@name", text as "#text", elements of the same name as an array; an element of text
 * alone as its text, an empty one as null. */
void xml_node_print(const XmlNode *node, Text *out);

#endif
