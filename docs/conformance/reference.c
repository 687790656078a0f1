/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reference analyzer of "imp-remote conform": each byte is an order what to do about it. The
 * page on conformance has the table.
 * imp-remote serve --module ./reference.so ./socket */
#include <imp-remote.h>

#define REFERENCE_TYPE_ANALYZER (reference_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ReferenceAnalyzer, reference_analyzer, REFERENCE, ANALYZER, ImpAnalyzer)

/* How far beyond its byte a pass into the future goes, and how many more bytes are wanted. */
#define JUMP 10
#define WANTED 100
#define LARGE 1000

struct _ReferenceAnalyzer
{
  ImpAnalyzer parent_instance;
  gint64 position[2];
  gint64 passed[2]; /* what comes before that is no order */
};

G_DEFINE_FINAL_TYPE (ReferenceAnalyzer, reference_analyzer, IMP_TYPE_ANALYZER)

static void
reference_analyzer_pass (ReferenceAnalyzer *self, ImpDirection direction, gint64 offset)
{
  self->passed[direction] = offset;
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, offset);
}

/* Those orders after which the analyzer says nothing more, or nothing about this chunk; TRUE if
 * @byte is one. */
static gboolean
reference_analyzer_end (ReferenceAnalyzer *self, ImpDirection direction, guint8 byte)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);

  switch (byte)
    {
    case 'd':
      imp_analyzer_deny (analyzer, direction, "denied");
      return TRUE;
    case 'z':
      imp_analyzer_drop (analyzer);
      return TRUE;
    case '!':
      imp_analyzer_fail (analyzer, "failed");
      return TRUE;
    case 'm':
      reference_analyzer_pass (self, direction, IMP_MAX_OFFSET);
      return TRUE;
    case 'q':
      reference_analyzer_pass (self, direction, self->position[direction]);
      imp_analyzer_pass_pattern (analyzer, direction, "END", 3);
      return TRUE;
    default:
      return FALSE;
    }
}

/* Those that say something beside, before their byte passes. */
static void
reference_analyzer_say (ReferenceAnalyzer *self, ImpDirection direction, guint8 byte)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);
  gint64 offset = self->position[direction];

  switch (byte)
    {
    case 't':
      imp_analyzer_send_back (analyzer, direction, (const guint8 *) "T", 1);
      break;
    case 'l':
      imp_analyzer_log (analyzer, direction, offset - 1, 1, IMP_LOG_LEVEL_NOTICE, "reference");
      break;
    case 'k':
      imp_analyzer_account (analyzer, "reference", "1");
      break;
    case 's':
      imp_analyzer_pause (analyzer, direction);
      break;
    case 'g':
      imp_analyzer_resume (analyzer, direction);
      break;
    default:
      break;
    }
  reference_analyzer_pass (self, direction, offset);
}

static void
reference_analyzer_apply (ReferenceAnalyzer *self, ImpDirection direction, guint8 byte)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);
  gint64 offset = self->position[direction];
  guint8 large[LARGE];

  switch (byte)
    {
    case 'h': /* is held until the next verdict */
      break;
    case 'w':
      imp_analyzer_want (analyzer, direction, WANTED);
      break;
    case 'a':
      imp_analyzer_prepass_bytes (analyzer, direction, offset);
      break;
    case 'r':
      imp_analyzer_replace_bytes (analyzer, direction, offset, (const guint8 *) "R", 1);
      break;
    case 'x':
      imp_analyzer_replace_bytes (analyzer, direction, offset, NULL, 0);
      break;
    case 'b':
      for (gsize i = 0; i < LARGE; i++)
        large[i] = 'b';
      imp_analyzer_replace_bytes (analyzer, direction, offset, large, LARGE);
      break;
    case 'j':
      reference_analyzer_pass (self, direction, offset + JUMP);
      break;
    default:
      reference_analyzer_say (self, direction, byte);
      break;
    }
}

static gboolean
reference_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                         gint32 data_type, GError **error)
{
  ReferenceAnalyzer *self = REFERENCE_ANALYZER (analyzer);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (offset != 0)
    self->position[direction] = MAX (offset, 0);
  for (gsize i = 0; i < length; i++)
    {
      self->position[direction]++;
      if (self->passed[direction] == IMP_MAX_OFFSET
          || self->position[direction] <= self->passed[direction])
        continue;
      if (reference_analyzer_end (self, direction, bytes[i]))
        break;
      reference_analyzer_apply (self, direction, bytes[i]);
    }
  return TRUE;
}

static void
reference_analyzer_class_init (ReferenceAnalyzerClass *klass)
{
  IMP_ANALYZER_CLASS (klass)->data = reference_analyzer_data;
}

static void
reference_analyzer_init (ReferenceAnalyzer *self)
{
}

GType
imp_module_query (void)
{
  return REFERENCE_TYPE_ANALYZER;
}
