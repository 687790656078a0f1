/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-context-private.h"
#include "wire/imp-message.h"

G_BEGIN_DECLS

/* Ids and offsets stay below 2^53, so that every peer can hold them. Ids begin at 1; 0 stands for
 * the whole factory, in exceptions only. */
#define IMP_MAX_ID ((G_GINT64_CONSTANT (1) << 53) - 1)

/* Inside the library a message may live on the stack: the hot path decodes into one, acts, and
 * clears it. Every pointer is owned by the message. */
struct _ImpMessage
{
  gatomicrefcount ref_count; /* of messages on the heap */
  ImpOp op;
  guint8 direction;
  gboolean busy;     /* BUSY; of STATUS: more */
  gboolean overload; /* EXCEPTION */
  gint32 data_type;
  guint version; /* SET_VERSION */
  guint minimum; /* SET_VERSION */
  gint64 id;
  gint64 offset;       /* DATA; of GET_STATUS: the timeout */
  gint64 token;        /* PING, PONG, GET_STATUS, STATUS */
  gint64 block;        /* SHARED_DATA, RELEASE; of SHARE: the size of all */
  gint64 length;       /* SHARED_DATA; of RELEASE: the count */
  guint position;      /* SHARED_DATA; of SHARE: the size of a block */
  GBytes *data;        /* DATA */
  ImpResult *result;   /* RESULT */
  ImpContext *context; /* NEW_ANALYZER; of STATUS: the status */
  GList *interfaces;   /* of ImpInterface: GET_INTERFACE, SET_INTERFACE (one), INTERFACE */
  char *text;          /* EXCEPTION, GOODBYE */
  ImpContext *limits;  /* SET_VERSION: name -> decimal number */
  char **features;     /* SET_VERSION */
};

#define IMP_MESSAGE_INIT                                                                           \
  {                                                                                                \
    0                                                                                              \
  }

/* Frees what the message holds and makes it empty again; for messages on the stack. */
void imp_message_clear (ImpMessage *self);
/* Moves the contents to the heap, leaving @self empty. */
ImpMessage *imp_message_steal (ImpMessage *self);
/* Fills @target, which is empty, with the same contents. */
void imp_message_copy_to (const ImpMessage *self, ImpMessage *target);

/* How long a server may take that is asked for its status, unless it is told something else. */
#define IMP_STATUS_TIMEOUT_DEFAULT 5000

GList *imp_message_copy_interfaces (GList *interfaces);
ImpMessage *imp_message_new_new_analyzer_packed (gint64 id, ImpContext *context);

/* What messages consist of, once for all wire formats: a row for each field, each op and each type
 * of result. */

typedef enum
{
  IMP_FIELD_END,
  IMP_FIELD_VERSION,
  IMP_FIELD_MINIMUM,
  IMP_FIELD_LIMITS,
  IMP_FIELD_FEATURES,
  IMP_FIELD_INTERFACES,
  IMP_FIELD_INTERFACE,
  IMP_FIELD_ID,
  IMP_FIELD_CONTEXT,
  IMP_FIELD_DIRECTION,
  IMP_FIELD_OFFSET,
  IMP_FIELD_TYPE,
  IMP_FIELD_BUSY,
  IMP_FIELD_OVERLOAD,
  IMP_FIELD_TOKEN,
  IMP_FIELD_RESULT,
  IMP_FIELD_END_OFFSET,
  IMP_FIELD_LENGTH,
  IMP_FIELD_LEVEL,
  IMP_FIELD_MESSAGE,
  IMP_FIELD_DETAILS,
  IMP_FIELD_KEY,
  IMP_FIELD_VALUE,
  IMP_FIELD_PATTERN,
  IMP_FIELD_MAX_LENGTH,
  IMP_FIELD_DATA,
  IMP_FIELD_TIMEOUT,
  IMP_FIELD_STATUS,
  IMP_FIELD_MORE,
  IMP_FIELD_SIZE,
  IMP_FIELD_BLOCK_SIZE,
  IMP_FIELD_BLOCK,
  IMP_FIELD_POSITION,
  IMP_FIELD_COUNT,
  IMP_N_FIELDS,
} ImpField;

/* Each codec has a row for each kind: how it is read and written. */
typedef enum
{
  IMP_FIELD_KIND_NUMBER,
  IMP_FIELD_KIND_BOOLEAN,
  IMP_FIELD_KIND_DATA_TYPE, /* a number that also has a name, as the next two */
  IMP_FIELD_KIND_RESULT_TYPE,
  IMP_FIELD_KIND_LEVEL, /* the last kind of number */
  IMP_FIELD_KIND_TEXT,
  IMP_FIELD_KIND_PATTERN,    /* a text that is matched against bytes */
  IMP_FIELD_KIND_CONTEXT,    /* text -> text */
  IMP_FIELD_KIND_DETAILS,    /* the same, kept as a hash table */
  IMP_FIELD_KIND_LIMITS,     /* text -> number */
  IMP_FIELD_KIND_TEXTS,      /* a list of texts */
  IMP_FIELD_KIND_INTERFACES, /* a list of interfaces */
  IMP_FIELD_KIND_INTERFACE,  /* a list of one, written without the list */
  IMP_FIELD_KIND_DATA,
  IMP_N_FIELD_KINDS,
} ImpFieldKind;

#define IMP_FIELD_KIND_IS_NUMBER(kind) ((kind) <= IMP_FIELD_KIND_LEVEL)

/* The structs that keep fields. */
enum
{
  IMP_RECORD_MESSAGE,
  IMP_RECORD_RESULT,
  IMP_N_RECORDS,
};

/* A member of one of them. */
typedef struct
{
  guint8 offset;
  guint8 size;
} ImpFieldPlace;

typedef struct
{
  const char *name;
  ImpFieldKind kind;
  guint8 version; /* the first version of the protocol that has it */
  ImpFieldPlace places[IMP_N_RECORDS];
  gint64 minimum; /* numbers only, as what follows */
  gint64 maximum;
  gint64 fallback; /* where an optional one is missing */
} ImpFieldInfo;

extern const ImpFieldInfo imp_field_infos[IMP_N_FIELDS];

/* Who may send an op. */
typedef enum
{
  IMP_SENDER_PROVIDER = 1 << 0,
  IMP_SENDER_SERVER = 1 << 1,
  IMP_SENDER_BOTH = IMP_SENDER_PROVIDER | IMP_SENDER_SERVER,
} ImpSender;

#define IMP_MAX_FIELDS_OF_ONE 8
#define IMP_FIELD_OPTIONAL 0x80

/* An op, or a type of result, whose fields follow those of %IMP_OP_RESULT. */
typedef struct
{
  int number; /* ImpOp or ImpResultType */
  const char *name;
  guint8 version; /* the first version of the protocol that has it */
  guint8 sender;
  guint8 fields[IMP_MAX_FIELDS_OF_ONE]; /* in the order of their writing, up to IMP_FIELD_END */
} ImpMessageSchema;

/* NULL where there is no such op or type of result. */
const ImpMessageSchema *imp_message_schema_of_op (gint64 op);
const ImpMessageSchema *imp_message_schema_of_result (gint64 type);

const char *imp_op_to_string (ImpOp op);     /* "get_interface"; NULL where there is none */
ImpOp imp_op_from_string (const char *name); /* 0 where there is none */

/* Adds the members of a set of types of results to @numbers, which has room for them; how many. */
#define IMP_MAX_RESULT_TYPES 32
guint imp_result_flags_list (ImpResultFlags flags, guint version,
                             guint16 numbers[IMP_MAX_RESULT_TYPES]);

G_END_DECLS
