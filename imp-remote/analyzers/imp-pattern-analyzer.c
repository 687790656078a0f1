/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include "core/imp-data-type.h"
#include "core/imp-result-queue-private.h"

/* How much of a chunk is first joined to what stands before it; then twice as much, and so on. */
#define HEAD_MIN 256

typedef struct
{
  GByteArray *tail; /* the end of the input: first what the matcher wants to see before it goes on,
                     * then what is held since a match may begin with it; NULL for nothing */
  gsize context;    /* how much of it is the former */
  gint64 fed;       /* offset of the end of the input */
  gint64 settled;   /* offset of the last verdict */
  ImpEffort effort; /* what the search has cost */
  gint32 type;
  guint whole : 1; /* the tail begins where the stream, or this type of it, does */
  guint ended : 1;
} Side;

/* Some input of one direction, and how far the search in it has come. */
typedef struct
{
  Side *side;
  ImpDirection direction;
  const guint8 *data;
  gsize length;
  gsize position;
  gint64 base; /* offset of data[0] */
  gboolean start;
  gboolean final;
} Piece;

struct _ImpPatternAnalyzer
{
  ImpAnalyzer parent_instance;

  GObject *owner;
  const ImpPattern *pattern;
  Side sides[2];
  ImpResultQueue answers; /* given once the state is right, since whoever gets them may feed more */
  guint answering : 1;
  guint denied : 1;
};

G_DEFINE_FINAL_TYPE (ImpPatternAnalyzer, imp_pattern_analyzer, IMP_TYPE_ANALYZER)

static void
imp_pattern_analyzer_init (ImpPatternAnalyzer *self)
{
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].whole = TRUE;
      imp_effort_init (&self->sides[i].effort, IMP_EFFORT_LIMIT_DEFAULT);
    }
}

static void
imp_pattern_analyzer_finalize (GObject *object)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (object);

  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&self->sides[i].tail, g_byte_array_unref);
  imp_result_queue_clear (&self->answers);
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (imp_pattern_analyzer_parent_class)->finalize (object);
}

static void
answer (ImpPatternAnalyzer *self, ImpResult *result)
{
  imp_result_queue_push (&self->answers, result);
}

static void
give_answers (ImpPatternAnalyzer *self)
{
  ImpResult *result;

  if (self->answering)
    return;
  self->answering = TRUE;
  while ((result = imp_result_queue_pop (&self->answers)) != NULL)
    imp_analyzer_take_result (IMP_ANALYZER (self), result);
  self->answering = FALSE;
}

static void
pass_to (ImpPatternAnalyzer *self, ImpDirection direction, gint64 offset)
{
  if (offset <= self->sides[direction].settled)
    return;
  self->sides[direction].settled = offset;
  answer (self, imp_result_new_pass (direction, offset));
}

static void
replace_to (ImpPatternAnalyzer *self, ImpDirection direction, gint64 offset, GBytes *data)
{
  self->sides[direction].settled = offset;
  answer (self, imp_result_new_replace (direction, offset, data));
}

static void
send_back (ImpPatternAnalyzer *self, ImpDirection direction)
{
  if (g_bytes_get_size (self->pattern->data) > 0)
    answer (self, imp_result_new_to_sender (direction, self->pattern->data));
}

static void
deny (ImpPatternAnalyzer *self, ImpDirection direction)
{
  gsize length;
  const char *data = g_bytes_get_data (self->pattern->data, &length);
  g_autofree char *reason = length > 0 ? g_strndup (data, length)
                                       : g_strdup ("the pattern was found");

  self->denied = TRUE;
  answer (self, imp_result_new_deny (direction, reason, NULL));
}

static void
settle_match (ImpPatternAnalyzer *self, ImpDirection direction, gint64 from, gint64 to)
{
  pass_to (self, direction, from);
  switch (self->pattern->action)
    {
    case IMP_PATTERN_DENY:
      deny (self, direction);
      break;
    case IMP_PATTERN_REJECT:
      {
        g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

        replace_to (self, direction, to, nothing);
        send_back (self, direction);
      }
      break;
    case IMP_PATTERN_REPLACE:
      replace_to (self, direction, to, self->pattern->data);
      break;
    }
}

/* Settles all matches; what lies behind piece->position is in doubt then. */
static gboolean
scan (ImpPatternAnalyzer *self, Piece *piece, GError **error)
{
  ImpSearchRun run = {
    .data = piece->data,
    .length = piece->length,
    .position = piece->position,
    .start = piece->start,
    .end = piece->final ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN,
    .effort = &piece->side->effort,
  };

  while (!self->denied)
    switch (imp_matcher_find (self->pattern->matcher, &run, error))
      {
      case IMP_MATCH_FOUND:
        settle_match (self, piece->direction, piece->base + run.from, piece->base + run.to);
        run.position = run.to;
        break;
      case IMP_MATCH_BUSY:
        run.position = run.from;
        break;
      case IMP_MATCH_FAILED:
        return FALSE;
      case IMP_MATCH_NONE:
      case IMP_MATCH_MORE:
      case IMP_MATCH_OVER:
        piece->position = run.from;
        return TRUE;
      }
  return TRUE;
}

/* Keeps of a piece what is held and what the matcher wants to see before it. */
static void
keep (ImpPatternAnalyzer *self, Piece *piece)
{
  Side *side = piece->side;
  gsize context = MIN (piece->position, imp_matcher_get_context (self->pattern->matcher));
  gsize begin = piece->position - context;

  side->whole = piece->start && begin == 0;
  side->context = context;
  if (side->tail != NULL && piece->data == side->tail->data)
    {
      g_byte_array_remove_range (side->tail, 0, begin);
      return;
    }

  if (begin == piece->length)
    return;
  if (side->tail == NULL)
    side->tail = g_byte_array_new ();
  g_byte_array_append (side->tail, piece->data + begin, piece->length - begin);
}

/* Joins what there is before a chunk to its beginning, and to no more of it than is needed to go on
 * in the chunk itself. Sets chunk->position to where that is. */
static gboolean
scan_joined (ImpPatternAnalyzer *self, Piece *chunk, GError **error)
{
  GByteArray *tail = chunk->side->tail;
  gsize wanted = imp_matcher_get_context (self->pattern->matcher);
  gsize old = tail->len, joined = 0, more = HEAD_MIN;
  Piece piece = *chunk;

  piece.position = chunk->side->context;
  piece.base = chunk->base - old;
  piece.start = chunk->side->whole;
  do
    {
      more = MIN (more, chunk->length - joined);
      g_byte_array_append (tail, chunk->data + joined, more);
      joined += more;
      more = joined;
      piece.data = tail->data;
      piece.length = tail->len;
      if (!scan (self, &piece, error))
        return FALSE;
    }
  while (!self->denied && joined < chunk->length && piece.position < old + wanted);

  if (joined == chunk->length)
    {
      *chunk = piece;
      return TRUE;
    }
  g_byte_array_set_size (tail, 0);
  chunk->position = piece.position - MIN (old, piece.position);
  chunk->start = FALSE;
  return TRUE;
}

static gboolean
feed_stream (ImpPatternAnalyzer *self, ImpDirection direction, const guint8 *data, gsize length,
             GError **error)
{
  Side *side = &self->sides[direction];
  Piece piece = { side, direction, data, length, 0, side->fed, side->whole, FALSE };

  side->fed += length;
  if (side->tail != NULL && side->tail->len > 0 && !scan_joined (self, &piece, error))
    return FALSE;
  if (piece.data == data && !scan (self, &piece, error))
    return FALSE;
  if (self->denied)
    return TRUE;

  keep (self, &piece);
  pass_to (self, direction, piece.base + piece.position);
  return TRUE;
}

/* The stream, or this type of it, is over: what was held is a match now or never. */
static gboolean
finish_stream (ImpPatternAnalyzer *self, ImpDirection direction, GError **error)
{
  Side *side = &self->sides[direction];

  if (side->tail != NULL && side->tail->len > side->context)
    {
      Piece piece = { side,
                      direction,
                      side->tail->data,
                      side->tail->len,
                      side->context,
                      side->fed - side->tail->len,
                      side->whole,
                      TRUE };

      if (!scan (self, &piece, error))
        return FALSE;
    }
  g_clear_pointer (&side->tail, g_byte_array_unref);
  side->context = 0;
  side->whole = TRUE;
  return TRUE;
}

static gboolean
feed_packet (ImpPatternAnalyzer *self, ImpDirection direction, const guint8 *data, gsize length,
             GError **error)
{
  Side *side = &self->sides[direction];
  g_autoptr (GBytes) changed = NULL;
  guint n_matches;

  side->fed += length;
  if (!imp_pattern_change_packet (self->pattern, &side->effort, data, length, &n_matches, &changed,
                                  error))
    return FALSE;

  if (n_matches == 0)
    pass_to (self, direction, side->fed);
  else if (self->pattern->action == IMP_PATTERN_DENY)
    deny (self, direction);
  else
    replace_to (self, direction, side->fed, changed);
  if (self->pattern->action == IMP_PATTERN_REJECT)
    while (n_matches-- > 0)
      send_back (self, direction);
  return TRUE;
}

/* Input was left out: what was held has passed, and no match can span the gap. */
static void
skip_to (ImpPatternAnalyzer *self, ImpDirection direction, gint64 offset)
{
  Side *side = &self->sides[direction];

  g_clear_pointer (&side->tail, g_byte_array_unref);
  side->context = 0;
  side->whole = TRUE;
  side->fed = offset;
  side->settled = MAX (side->settled, offset);
}

static gboolean
feed (ImpPatternAnalyzer *self, ImpDirection direction, GBytes *bytes, gint32 type, GError **error)
{
  Side *side = &self->sides[direction];
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (length == 0)
    {
      side->ended = TRUE;
      if (!finish_stream (self, direction, error))
        return FALSE;
      if (!self->denied)
        answer (self, imp_result_new_pass (direction, IMP_MAX_OFFSET));
      return TRUE;
    }

  if (type != side->type)
    {
      if (!finish_stream (self, direction, error))
        return FALSE;
      if (!self->denied)
        pass_to (self, direction, side->fed);
      side->type = type;
    }
  if (self->denied)
    return TRUE;
  return imp_data_type_is_stream (type) ? feed_stream (self, direction, data, length, error)
                                        : feed_packet (self, direction, data, length, error);
}

static gboolean
imp_pattern_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *bytes,
                           gint64 offset, gint32 type, GError **error)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (analyzer);
  Side *side = &self->sides[direction];
  gboolean done;

  if (self->denied || side->ended
      || (self->pattern->direction >= 0 && self->pattern->direction != (int) direction))
    return TRUE;
  if (offset > side->fed)
    skip_to (self, direction, offset);

  done = feed (self, direction, bytes, type, error);
  give_answers (self);
  return done;
}

static void
imp_pattern_analyzer_close (ImpAnalyzer *analyzer)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (analyzer);

  self->denied = TRUE;
  imp_result_queue_clear (&self->answers);
}

static void
imp_pattern_analyzer_class_init (ImpPatternAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_pattern_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->data = imp_pattern_analyzer_data;
  IMP_ANALYZER_CLASS (klass)->close = imp_pattern_analyzer_close;
}

ImpAnalyzer *
imp_pattern_analyzer_new (GObject *owner, const ImpPattern *pattern)
{
  ImpPatternAnalyzer *self = g_object_new (IMP_TYPE_PATTERN_ANALYZER, NULL);

  self->owner = g_object_ref (owner);
  self->pattern = pattern;
  if (pattern->direction >= 0)
    imp_analyzer_pass_bytes (IMP_ANALYZER (self), !pattern->direction, IMP_MAX_OFFSET);
  return IMP_ANALYZER (self);
}
