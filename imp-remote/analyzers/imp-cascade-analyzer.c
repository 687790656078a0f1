/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade-analyzer-private.h"

#include "analyzers/imp-cascade-emitter-private.h"
#include "analyzers/imp-cascade-question-private.h"
#include "core/imp-analyzer-private.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-mailbox-private.h"
#include "core/imp-proxy-private.h"
#include "core/imp-source-private.h"

/* As in a filter. */
#define CHUNKS_MAX 65536
/* Pieces are cut where chunks are and where something was changed. */
#define PIECES_MAX (2 * CHUNKS_MAX)

typedef struct
{
  ImpCascadeAnalyzer *cascade;
  ImpAnalyzer *analyzer;
  ImpFactory *factory; /* that has made it */
  char *name;
  guint index;
  guint8 paused; /* bit per direction */
} CascadePart;

typedef struct
{
  ImpCascadePath *path;
  gint64 wanted;    /* what the provider was told by WANT */
  gint32 data_type; /* of the last input, or 0 */
  gboolean paused;  /* as the provider knows it */
} CascadeSide;

struct _ImpCascadeAnalyzer
{
  ImpAnalyzer parent_instance;

  ImpCascadeOptions options;
  guint n_parts;
  CascadePart *parts;
  CascadeSide sides[2];
  ImpCascadeTasks tasks;
  ImpCascadeEmitter emitter;
  gconstpointer thread; /* see imp_mailbox_this_thread() */
  GSource *turn;        /* of a search that is not finished, or NULL */
  GSource *hold;        /* of what a search holds, or NULL */
  guint8 busy;          /* bit per direction */
  gboolean working;     /* the tasks are being worked off, further up the stack */
  gboolean refused;     /* a refusal is among the tasks: the parts are heard no more */
  gboolean wants;       /* a part has ever said WANT */
};

G_DEFINE_FINAL_TYPE (ImpCascadeAnalyzer, imp_cascade_analyzer, IMP_TYPE_ANALYZER)

static void cascade_work (ImpCascadeAnalyzer *self);
static void cascade_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict,
                                gpointer user_data);

/* What comes from the server meets the last part first; and so back. */
static guint
cascade_turn (ImpCascadeAnalyzer *self, ImpDirection direction, guint i)
{
  return direction == IMP_DIRECTION_FROM_CLIENT ? i : self->n_parts - 1 - i;
}

static CascadePart *
cascade_get_part (ImpCascadeAnalyzer *self, ImpDirection direction, guint position)
{
  return &self->parts[cascade_turn (self, direction, position)];
}

/* --- refusals --- */

static void
cascade_refuse (ImpCascadeAnalyzer *self, ImpResult *result)
{
  if (!self->refused)
    imp_cascade_tasks_add_result (&self->tasks, imp_result_ref (result));
  self->refused = TRUE;
}

static void
cascade_fail (ImpCascadeAnalyzer *self, const CascadePart *part, const char *reason)
{
  g_autofree char *text = g_strdup_printf ("%s: %s", part->name, reason);
  g_autoptr (ImpResult) fatal = imp_result_new_fatal (text);

  cascade_refuse (self, fatal);
}

/* The path of @direction could not do something. */
static void
cascade_fail_path (ImpCascadeAnalyzer *self, ImpDirection direction, const GError *error)
{
  guint position = imp_cascade_path_get_failed (self->sides[direction].path);

  cascade_fail (self, cascade_get_part (self, direction, position), error->message);
}

static void
cascade_check_part (ImpCascadeAnalyzer *self, const CascadePart *part)
{
  guint64 held = 0;
  guint n_chunks = 0, n_pieces = 0;
  g_autofree char *reason = NULL;

  for (guint direction = 0; direction < 2; direction++)
    {
      ImpCascadePath *path = self->sides[direction].path;
      guint position = cascade_turn (self, direction, part->index);
      ImpFlow *flow = imp_cascade_path_peek_flow (path, position);

      held += imp_flow_get_held (flow);
      n_chunks = MAX (n_chunks, imp_flow_get_n_held (flow));
      n_pieces = MAX (n_pieces, imp_cascade_path_get_n_pieces (path, position));
    }
  if (held > self->options.max_held)
    reason = g_strdup_printf ("It leaves %" G_GUINT64_FORMAT " bytes unsettled; the limit is "
                              "%" G_GUINT64_FORMAT " (property max-held of ImpCascade)",
                              held, self->options.max_held);
  else if (n_chunks > CHUNKS_MAX || n_pieces > PIECES_MAX)
    reason = g_strdup_printf ("It leaves %u pieces of data unsettled; the limit is %d",
                              MAX (n_chunks, n_pieces), CHUNKS_MAX);
  if (reason != NULL)
    cascade_fail (self, part, reason);
}

/* --- hints --- */

static void
cascade_update_paused (ImpCascadeAnalyzer *self, ImpDirection direction)
{
  CascadeSide *side = &self->sides[direction];
  gboolean paused = imp_cascade_path_is_busy (side->path);

  for (guint i = 0; i < self->n_parts; i++)
    paused |= (self->parts[i].paused & (1 << direction)) != 0;
  if (paused == side->paused)
    return;
  side->paused = paused;
  imp_cascade_tasks_add_result (&self->tasks, paused ? imp_result_new_pause (direction)
                                                     : imp_result_new_continue (direction));
}

/* Does it hold something that others wait for, or might? @waits: and says that it is its turn? */
static gboolean
cascade_part_holds (const CascadePart *part, ImpDirection direction, gboolean *waits)
{
  ImpCascadeAnalyzer *self = part->cascade;
  ImpCascadePath *path = self->sides[direction].path;
  guint position = cascade_turn (self, direction, part->index);
  ImpFlow *flow = imp_cascade_path_peek_flow (path, position);

  if (imp_cascade_path_is_finished (path, position)
      || (imp_flow_get_held (flow) == 0 && !imp_flow_has_ended (flow)))
    return FALSE;
  *waits = imp_marks_is_waiting (imp_analyzer_peek_marks (part->analyzer, direction));
  return TRUE;
}

/* How many bytes more of the input must come, at least, before anything that is held can go on?
 * 0: none. What the first part wants is known; what comes to a later one is not. */
static gint64
cascade_get_lack (ImpCascadeAnalyzer *self, ImpDirection direction)
{
  ImpCascadePath *path = self->sides[direction].path;
  gint64 lack = 0;

  for (guint i = 0; i < self->n_parts; i++)
    {
      CascadePart *part = &self->parts[i];
      const ImpMarks *marks = imp_analyzer_peek_marks (part->analyzer, direction);
      gboolean waits, is_first;

      if (!cascade_part_holds (part, direction, &waits))
        continue;
      if (waits || marks->extra == NULL)
        return 0;
      is_first = cascade_turn (self, direction, i) == imp_cascade_path_get_first (path);
      lack = lack == 0 && is_first ? marks->extra->wanted - marks->fed : 1;
    }
  return MAX (lack, 0);
}

/* Nobody can say more before more has come; or somebody can again. */
static void
cascade_update_wanted (ImpCascadeAnalyzer *self, ImpDirection direction)
{
  CascadeSide *side = &self->sides[direction];
  gint64 input = imp_cascade_path_get_input (side->path);
  gint64 lack = cascade_get_lack (self, direction);

  if (lack == 0 ? side->wanted <= input : side->wanted > input && side->wanted <= input + lack)
    return;
  side->wanted = imp_cascade_add_room (input, lack);
  imp_cascade_tasks_add_result (&self->tasks, imp_result_new_want (direction, side->wanted));
}

/* --- working --- */

static void
cascade_close_parts (ImpCascadeAnalyzer *self)
{
  imp_source_clear (&self->turn);
  imp_source_clear (&self->hold);
  for (guint i = 0; i < self->n_parts; i++)
    imp_analyzer_close (self->parts[i].analyzer);
}

/* Whoever has been searching for long lets others have their turn. */
static gboolean
cascade_on_turn (gpointer user_data)
{
  ImpCascadeAnalyzer *self = user_data;

  g_object_ref (self);
  for (guint direction = 0; direction < 2; direction++)
    {
      g_autoptr (GError) error = NULL;

      if (!imp_cascade_path_go_on (self->sides[direction].path, &error))
        cascade_fail_path (self, direction, error);
    }
  cascade_work (self);
  g_object_unref (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
cascade_on_held (gpointer user_data)
{
  ImpCascadeAnalyzer *self = user_data;

  g_object_ref (self);
  for (guint direction = 0; direction < 2; direction++)
    {
      g_autoptr (GError) error = NULL;

      if (!imp_cascade_path_release (self->sides[direction].path, &error))
        cascade_fail_path (self, direction, error);
    }
  cascade_work (self);
  g_object_unref (self);
  return G_SOURCE_CONTINUE;
}

/* What searches leave for later. */
static void
cascade_update_clock (ImpCascadeAnalyzer *self)
{
  ImpCascadePath *paths[] = { self->sides[0].path, self->sides[1].path };
  GMainContext *context = imp_analyzer_peek_main_context (IMP_ANALYZER (self));

  if (!imp_cascade_path_is_busy (paths[0]) && !imp_cascade_path_is_busy (paths[1]))
    imp_source_clear (&self->turn);
  else if (self->turn == NULL)
    self->turn = imp_source_add_timeout (context, 0, "ImpCascade: search", cascade_on_turn, self);

  if (!imp_cascade_path_is_holding (paths[0]) && !imp_cascade_path_is_holding (paths[1]))
    imp_source_clear (&self->hold);
  else if (self->hold == NULL && self->options.hold_timeout > 0)
    self->hold = imp_source_add_timeout (context, self->options.hold_timeout, "ImpCascade: hold",
                                         cascade_on_held, self);
}

static void
cascade_feed (ImpCascadeAnalyzer *self, const ImpCascadeTask *task)
{
  const CascadePart *part = cascade_get_part (self, task->direction, task->position);
  const ImpView view = imp_view_of_bytes (task->bytes);

  imp_analyzer_feed (part->analyzer, task->direction, &view, task->offset, task->data_type);
}

static void
cascade_do_tasks (ImpCascadeAnalyzer *self)
{
  ImpCascadeTask task;

  while (!self->emitter.is_over && imp_cascade_tasks_pop (&self->tasks, &task))
    {
      if (task.kind != IMP_CASCADE_FEED)
        imp_cascade_emitter_do (&self->emitter, &task);
      else if (!self->refused)
        cascade_feed (self, &task);
      imp_cascade_task_clear (&task);
    }
}

/* Everything that was given has been done: what follows from where all stand now? */
static void
cascade_conclude (ImpCascadeAnalyzer *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      /* Whoever hears the first may bring something. */
      if (imp_cascade_tasks_is_empty (&self->tasks))
        imp_cascade_emitter_pass_ahead (&self->emitter, direction);
      cascade_update_paused (self, direction);
      if (self->wants)
        cascade_update_wanted (self, direction);
    }
  for (guint i = 0; i < self->n_parts; i++)
    cascade_check_part (self, &self->parts[i]);
}

/* Works off the tasks. Whatever is called here may come back; then it only adds some. */
static void
cascade_work (ImpCascadeAnalyzer *self)
{
  if (self->working)
    return;

  g_object_ref (self);
  self->working = TRUE;
  do
    {
      cascade_do_tasks (self);
      if (!self->emitter.is_over && !self->refused)
        cascade_conclude (self);
    }
  while (!self->emitter.is_over && !imp_cascade_tasks_is_empty (&self->tasks));
  self->working = FALSE;
  if (self->emitter.is_over)
    {
      imp_cascade_tasks_clear (&self->tasks);
      cascade_close_parts (self);
    }
  else
    cascade_update_clock (self);
  g_object_unref (self);
}

/* --- what the parts say --- */

static gboolean
cascade_apply (ImpCascadeAnalyzer *self, CascadePart *part, const ImpVerdict *verdict)
{
  ImpDirection direction = verdict->direction;
  g_autoptr (GError) error = NULL;

  if (!imp_cascade_path_apply (self->sides[direction].path,
                               cascade_turn (self, direction, part->index), verdict, &error))
    {
      cascade_fail_path (self, direction, error);
      return FALSE;
    }
  /* One that is not fed any more need not be spared. */
  if (verdict->type == IMP_RESULT_PASS && verdict->offset == IMP_MAX_OFFSET)
    part->paused &= ~(1 << direction);
  return TRUE;
}

static gint64
cascade_locate (CascadePart *part, ImpDirection direction, gint64 offset, gboolean *is_exact)
{
  ImpCascadeAnalyzer *self = part->cascade;
  gboolean exact;
  gint64 found = imp_cascade_path_locate (self->sides[direction].path,
                                          cascade_turn (self, direction, part->index),
                                          MAX (offset, 0), &exact);

  *is_exact = *is_exact && exact && offset >= 0;
  return found;
}

/* What is promised by one part nobody else can let through as it was: it never sees it. What has
   not
 * come to the part yet is promised only as far as it is known what it will be. */
static void
cascade_promise (ImpCascadeAnalyzer *self, CascadePart *part, const ImpVerdict *verdict)
{
  ImpDirection direction = verdict->direction;
  ImpFlow *flow = imp_cascade_path_peek_flow (self->sides[direction].path,
                                              cascade_turn (self, direction, part->index));
  gboolean is_exact = TRUE;
  gint64 begin, end;

  if (!cascade_apply (self, part, verdict))
    return;
  begin = cascade_locate (part, direction, MAX (verdict->offset, imp_flow_get_settled (flow)),
                          &is_exact);
  end = cascade_locate (part, direction, verdict->result->extra, &is_exact);
  if (begin < end)
    imp_cascade_tasks_add_result (&self->tasks,
                                  imp_result_new_replace_later (direction, begin, end));
}

/* Bytes for the side that @direction comes from go through the parts that are nearer to it. */
static void
cascade_send_back (ImpCascadeAnalyzer *self, CascadePart *part, const ImpVerdict *verdict)
{
  ImpDirection direction = verdict->direction;
  guint position = cascade_turn (self, direction, part->index);
  ImpFlow *flow = imp_cascade_path_peek_flow (self->sides[direction].path, position);
  gint32 data_type = imp_flow_get_data_type (flow);
  g_autoptr (GBytes) bytes = imp_view_ref_bytes (&verdict->data);
  g_autoptr (GError) error = NULL;

  if (data_type == 0)
    data_type = self->sides[direction].data_type;
  if (data_type == 0)
    data_type = IMP_DATA_TYPE_STREAM;
  if (g_bytes_get_size (bytes) == 0
      || imp_cascade_path_send (self->sides[!direction].path, self->n_parts - position, bytes,
                                data_type, &error))
    return;
  if (error != NULL)
    cascade_fail_path (self, !direction, error);
  else
    imp_cascade_tasks_add_result (
      &self->tasks, imp_result_new_log (direction, 0, 0, IMP_LOG_LEVEL_WARNING,
                                        "What a part of the cascade sends back comes after the end "
                                        "of the stream that it would go to",
                                        NULL));
}

/* A LOG or PORT_*, with offsets of the part's input. */
static ImpResult *
cascade_translate (CascadePart *part, ImpResult *result)
{
  gboolean is_exact = TRUE;
  gint64 begin = cascade_locate (part, result->direction, result->offset, &is_exact);
  gint64 end = begin;
  g_autoptr (GHashTable) details = NULL;

  if (result->type != IMP_RESULT_LOG)
    return imp_result_new_port (result->type, result->direction, begin);
  if (result->extra > 0 && result->extra <= IMP_MARK_INDEFINITE - 1 - MAX (result->offset, 0))
    end = cascade_locate (part, result->direction, MAX (result->offset, 0) + result->extra,
                          &is_exact);
  if (is_exact && begin == result->offset && end - begin == result->extra)
    return imp_result_ref (result);
  if (!is_exact)
    {
      details = g_hash_table_new (g_str_hash, g_str_equal);
      if (result->details != NULL)
        {
          GHashTableIter iter;
          gpointer key, value;

          g_hash_table_iter_init (&iter, result->details);
          while (g_hash_table_iter_next (&iter, &key, &value))
            g_hash_table_insert (details, key, value);
        }
      g_hash_table_insert (details, (char *) "offset", (char *) "inexact");
    }
  return imp_result_new_log (result->direction, begin, MAX (end - begin, 0), result->level,
                             result->text, is_exact ? result->details : details);
}

static void
cascade_set_paused (CascadePart *part, const ImpVerdict *verdict)
{
  if (verdict->type == IMP_RESULT_PAUSE)
    part->paused |= 1 << verdict->direction;
  else
    part->paused &= ~(1 << verdict->direction);
  cascade_update_paused (part->cascade, verdict->direction);
}

static void
cascade_take_verdict (ImpCascadeAnalyzer *self, CascadePart *part, const ImpVerdict *verdict)
{
  switch ((ImpResultType) verdict->type)
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
    case IMP_RESULT_REPLACE:
    case IMP_RESULT_PASS_PATTERN:
      cascade_apply (self, part, verdict);
      break;
    case IMP_RESULT_REPLACE_LATER:
      cascade_promise (self, part, verdict);
      break;
    case IMP_RESULT_TO_SENDER:
      cascade_send_back (self, part, verdict);
      break;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      cascade_set_paused (part, verdict);
      break;
    case IMP_RESULT_WANT:
      self->wants = TRUE;
      break;
    case IMP_RESULT_FATAL:
      self->emitter.loss = *imp_analyzer_peek_loss (part->analyzer);
      cascade_refuse (self, verdict->result);
      break;
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
      cascade_refuse (self, verdict->result);
      break;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
      imp_cascade_tasks_add_result (&self->tasks, cascade_translate (part, verdict->result));
      break;
    case IMP_RESULT_ACCOUNT_FIELD:
      imp_cascade_tasks_add_result (&self->tasks, imp_result_ref (verdict->result));
      break;
    }
}

static void
cascade_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  CascadePart *part = user_data;
  ImpCascadeAnalyzer *self = part->cascade;

  if (self->emitter.is_over || self->refused)
    return;
  g_object_ref (self);
  cascade_take_verdict (self, part, verdict);
  cascade_work (self);
  g_object_unref (self);
}

/* In the thread that calls, from now on. */
static void
cascade_listen (ImpCascadeAnalyzer *self)
{
  self->thread = imp_mailbox_this_thread ();
  for (guint i = 0; i < self->n_parts; i++)
    imp_analyzer_set_sink (self->parts[i].analyzer, cascade_on_verdict, &self->parts[i]);
}

/* --- the analyzer --- */

static gboolean
imp_cascade_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data,
                           gint64 offset, gint32 data_type, GError **error)
{
  ImpCascadeAnalyzer *self = IMP_CASCADE_ANALYZER (analyzer);
  CascadeSide *side = &self->sides[direction];
  g_autoptr (GError) local = NULL;

  if (G_UNLIKELY (self->thread != imp_mailbox_this_thread ()))
    cascade_listen (self);
  if (self->emitter.is_over || self->refused)
    return TRUE;
  side->data_type = data_type;
  if (!imp_cascade_path_push (side->path, data, offset, data_type, &local))
    cascade_fail_path (self, direction, local);
  cascade_work (self);
  return TRUE;
}

static gboolean
imp_cascade_analyzer_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy,
                           GError **error)
{
  ImpCascadeAnalyzer *self = IMP_CASCADE_ANALYZER (analyzer);
  guint8 bit = 1 << direction;

  if (busy)
    self->busy |= bit;
  else
    self->busy &= ~bit;
  /* One that may go on can make the provider busy again. */
  for (guint i = 0; i < self->n_parts; i++)
    imp_analyzer_set_busy (self->parts[i].analyzer, direction, (self->busy & bit) != 0);
  return TRUE;
}

static void
imp_cascade_analyzer_close (ImpAnalyzer *analyzer)
{
  ImpCascadeAnalyzer *self = IMP_CASCADE_ANALYZER (analyzer);

  self->emitter.is_over = TRUE;
  cascade_close_parts (self);
  if (!self->working)
    imp_cascade_tasks_clear (&self->tasks);
}

static void
imp_cascade_analyzer_dispose (GObject *object)
{
  ImpCascadeAnalyzer *self = IMP_CASCADE_ANALYZER (object);

  self->emitter.is_over = TRUE;
  imp_source_clear (&self->turn);
  imp_source_clear (&self->hold);
  for (guint i = 0; i < self->n_parts; i++)
    if (self->parts[i].analyzer != NULL)
      {
        imp_analyzer_set_sink (self->parts[i].analyzer, NULL, NULL);
        g_clear_object (&self->parts[i].analyzer);
      }
  G_OBJECT_CLASS (imp_cascade_analyzer_parent_class)->dispose (object);
}

static void
imp_cascade_analyzer_finalize (GObject *object)
{
  ImpCascadeAnalyzer *self = IMP_CASCADE_ANALYZER (object);

  imp_cascade_tasks_clear (&self->tasks);
  for (guint direction = 0; direction < 2; direction++)
    g_clear_pointer (&self->sides[direction].path, imp_cascade_path_free);
  for (guint i = 0; i < self->n_parts; i++)
    {
      g_clear_object (&self->parts[i].factory);
      g_free (self->parts[i].name);
    }
  g_free (self->parts);
  G_OBJECT_CLASS (imp_cascade_analyzer_parent_class)->finalize (object);
}

/* The first part that it is waited for, or NULL. @all_limited: does each of them get its outcome
 * from others if it takes too long? */
static CascadePart *
cascade_find_waiting (ImpCascadeAnalyzer *self, gboolean *all_limited)
{
  CascadePart *first = NULL;

  *all_limited = TRUE;
  for (guint i = 0; i < self->n_parts; i++)
    {
      CascadePart *part = &self->parts[i];
      gboolean waits[2] = { FALSE, FALSE };

      cascade_part_holds (part, 0, &waits[0]);
      cascade_part_holds (part, 1, &waits[1]);
      if (!waits[0] && !waits[1])
        continue;
      if (first == NULL)
        first = part;
      *all_limited = *all_limited && imp_proxy_has_deadline (part->analyzer);
    }
  return first;
}

static const char *
cascade_analyzer_peek_name (ImpAnalyzer *analyzer)
{
  gboolean all_limited;
  CascadePart *part = cascade_find_waiting (IMP_CASCADE_ANALYZER (analyzer), &all_limited);

  return part != NULL ? part->name : NULL;
}

static gboolean
cascade_analyzer_has_deadline (ImpAnalyzer *analyzer)
{
  gboolean all_limited;

  return cascade_find_waiting (IMP_CASCADE_ANALYZER (analyzer), &all_limited) != NULL
         && all_limited;
}

static void
cascade_analyzer_query_statuses (ImpAnalyzer *analyzer, guint timeout_ms, GTask *task)
{
  ImpCascadeAnalyzer *self = IMP_CASCADE_ANALYZER (analyzer);
  ImpCascadeQuestion *question = imp_cascade_question_new (self->n_parts, task);

  for (guint i = 0; i < self->n_parts; i++)
    imp_cascade_question_ask (question, i, self->parts[i].analyzer, self->parts[i].factory,
                              timeout_ms);
}

static void
cascade_analyzer_find_wait (ImpAnalyzer *analyzer, ImpProxyWait *wait)
{
  gboolean all_limited;
  CascadePart *part = cascade_find_waiting (IMP_CASCADE_ANALYZER (analyzer), &all_limited);

  if (part == NULL)
    return;
  wait->part = part->name;
  imp_proxy_find_wait (part->analyzer, wait);
}

static const ImpProxyFuncs cascade_analyzer_proxy_funcs = {
  .peek_name = cascade_analyzer_peek_name,
  .has_deadline = cascade_analyzer_has_deadline,
  .varies = TRUE,
  .query_statuses = cascade_analyzer_query_statuses,
  .find_wait = cascade_analyzer_find_wait,
};

static void
imp_cascade_analyzer_class_init (ImpCascadeAnalyzerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpAnalyzerClass *analyzer_class = IMP_ANALYZER_CLASS (klass);

  object_class->dispose = imp_cascade_analyzer_dispose;
  object_class->finalize = imp_cascade_analyzer_finalize;
  analyzer_class->data = imp_cascade_analyzer_data;
  analyzer_class->busy = imp_cascade_analyzer_busy;
  analyzer_class->close = imp_cascade_analyzer_close;
  /* Any of its parts may want that. */
  analyzer_class->wants_stable_input = TRUE;
  analyzer_class->proxy = &cascade_analyzer_proxy_funcs;
}

static void
imp_cascade_analyzer_init (ImpCascadeAnalyzer *self)
{
  imp_cascade_tasks_init (&self->tasks);
}

ImpAnalyzer *
imp_cascade_analyzer_new (GPtrArray *analyzers, GPtrArray *factories, GPtrArray *names,
                          const ImpCascadeOptions *options)
{
  ImpCascadeAnalyzer *self = g_object_new (IMP_TYPE_CASCADE_ANALYZER, NULL);

  self->options = *options;
  self->n_parts = analyzers->len;
  self->parts = g_new0 (CascadePart, analyzers->len);
  for (guint i = 0; i < analyzers->len; i++)
    self->parts[i] = (CascadePart){
      .cascade = self,
      .analyzer = g_object_ref (analyzers->pdata[i]),
      .factory = g_object_ref (factories->pdata[i]),
      .name = g_strdup (names->pdata[i]),
      .index = i,
    };
  self->emitter.analyzer = IMP_ANALYZER (self);
  for (guint direction = 0; direction < 2; direction++)
    self->emitter.sides[direction].path = self->sides[direction].path
      = imp_cascade_path_new (&self->tasks, direction, self->n_parts);
  /* The end may bring something yet where all before it has come out. */
  imp_analyzer_set_settles_end (IMP_ANALYZER (self), FALSE);
  cascade_listen (self);
  return IMP_ANALYZER (self);
}
