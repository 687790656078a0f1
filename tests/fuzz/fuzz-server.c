/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server gets bytes and descriptors from a client: it ends that connection or goes on, and leaves
 * nothing behind. Its analyzers answer with every type of result. */
#include "fuzz.h"
#include "fuzz-stream.h"

#include "core/imp-type-factory.h"
#include "rpc/imp-shared-memory.h"
#include "rpc/server/imp-server.h"
#include "wire/imp-wire-private.h"

typedef struct
{
  ImpAnalyzer parent;
  gint64 position[2];
} Busy;
typedef ImpAnalyzerClass BusyClass;

static GType busy_get_type (void);
G_DEFINE_TYPE (Busy, busy, IMP_TYPE_ANALYZER)

static guint n_live;

/* What may be shared, four blocks of 4096 bytes, say. */
#define MEMORY_SIZE 16384
/* Where there are descriptors, the first piece is so long: time for a greeting. */
#define FIRST_PIECE 64
#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

/* What comes with each piece: -1 for nothing. */
static int
get_descriptor (guint8 choice, guint *times)
{
  static int memories[4];

  if (memories[0] == 0)
    {
      memories[0] = fuzz_memory_new (MEMORY_SIZE, ALL_SEALS);
      memories[1] = fuzz_memory_new (MEMORY_SIZE, F_SEAL_SHRINK);
      memories[2] = fuzz_memory_new (MEMORY_SIZE / 2, ALL_SEALS);
      memories[3] = open ("/dev/zero", O_RDONLY | O_CLOEXEC);
    }
  *times = choice >= 0xc0 ? 3 : 1;
  return choice < 0x10 ? -1 : memories[choice < 0x80 ? 0 : choice >> 4 & 3];
}

static void
answer (ImpAnalyzer *analyzer, ImpDirection direction, guint8 first, gint64 end)
{
  switch (first % 12)
    {
    case 0:
      imp_analyzer_replace_bytes (analyzer, direction, end, (const guint8 *) "other", 5);
      break;
    case 1:
      imp_analyzer_prepass_bytes (analyzer, direction, end + 10);
      break;
    case 2:
      imp_analyzer_replace_later (analyzer, direction, 0, end + 1);
      break;
    case 3:
      imp_analyzer_pause (analyzer, direction);
      imp_analyzer_resume (analyzer, direction);
      break;
    case 4:
      imp_analyzer_pass_pattern (analyzer, direction, "a.b", 3);
      break;
    case 5:
      imp_analyzer_log (analyzer, direction, 0, end, IMP_LOG_LEVEL_INFO, "text");
      imp_analyzer_account (analyzer, "key", "value");
      break;
    case 6:
      imp_analyzer_send_back (analyzer, direction, (const guint8 *) "no", 2);
      break;
    case 7:
      imp_analyzer_deny (analyzer, direction, "denied");
      break;
    case 8:
      break; /* it holds what it has */
    default:
      imp_analyzer_pass_bytes (analyzer, direction, end);
    }
}

static gboolean
busy_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  Busy *self = (Busy *) analyzer;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (offset != 0)
    self->position[direction] = offset;
  self->position[direction] += length;
  if (length > 0)
    answer (analyzer, direction, bytes[0], self->position[direction]);
  return TRUE;
}

static void
busy_finalize (GObject *object)
{
  n_live--;
  G_OBJECT_CLASS (busy_parent_class)->finalize (object);
}

static void
busy_class_init (BusyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = busy_finalize;
  klass->data = busy_data;
}

static void
busy_init (Busy *self)
{
  n_live++;
}

/* One server that recognizes, and one for each wire format in which the server speaks first. */
static ImpServer *
get_server (guint8 choice)
{
  static ImpServer *servers[8];
  guint n_wires = 0;
  guint index;

  while (imp_wires[n_wires] != NULL)
    n_wires++;
  index = choice % (n_wires + 1);
  if (servers[index] == NULL)
    {
      g_autoptr (ImpFactory) factory = IMP_FACTORY (
        imp_type_factory_new (busy_get_type (), IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL));

      servers[index] = imp_server_new (factory);
      g_object_set (servers[index], "max-analyzers", 8, "max-held", (guint64) 4096, "max-message",
                    (guint64) 65536, "shared-memory", IMP_SHARED_MEMORY_ANY_PEER,
                    "max-shared-memory", (guint64) MEMORY_SIZE, NULL);
      if (index < n_wires)
        g_object_set (servers[index], "codec", imp_wires[index]->name, NULL);
    }
  return servers[index];
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  guint8 choice = fuzz_take (&input);
  ImpServer *server = get_server (choice);
  guint times;
  int fd = get_descriptor (choice, &times);
  int next;
  FuzzStream stream;
  g_autoptr (GError) error = NULL;

  fuzz_stream_run ();
  next = fuzz_next_descriptor ();
  fuzz_stream_open (&stream);
  imp_server_add_stream (server, stream.ours, &error);
  g_assert_no_error (error);
  g_clear_object (&stream.ours);
  while (input.left > 0)
    {
      gsize n = MIN (input.left, fd >= 0 && input.left == length - 1 ? FIRST_PIECE : 1024);

      if (fd < 0)
        fuzz_stream_exchange (&stream, input.data, n);
      else
        fuzz_stream_exchange_descriptor (&stream, input.data, n, fd, times);
      input.data += n;
      input.left -= n;
    }
  fuzz_stream_close (&stream);
  g_assert_cmpuint (imp_server_get_n_connections (server), ==, 0);
  g_assert_cmpuint (imp_server_get_n_analyzers (server), ==, 0);
  g_assert_cmpuint (n_live, ==, 0);
  g_assert_cmpint (fuzz_next_descriptor (), ==, next);
  return 0;
}
