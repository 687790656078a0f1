/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-prover.h"

#include "core/imp-error.h"
#include "provider/imp-shrinker-private.h"
#include "provider/imp-splits-private.h"
#include "provider/imp-trial-runner-private.h"

#define EXHAUSTIVE_DEFAULT 16
#define EXHAUSTIVE_MAX 24
#define MAX_CHUNK_DEFAULT 16
#define RANDOM_TRIALS_DEFAULT 10000
#define TIMEOUT_DEFAULT 5000
/* So many analyzers that answer from elsewhere are asked at a time. */
#define AT_A_TIME 32
/* So many candidates are tried to make a counterexample smaller, each of them as a whole and in its
 * chunks. */
#define SHRINK_MAX 2000

/**
 * ImpProver:
 *
 * Tries whether an analyzer is blind to the borders of chunks.
 *
 * Where a stream is cut into chunks is chance: networks, buffers and schedulers decide it, and a
 * peer can. So an analyzer has to come to the same end however its input comes. The prover feeds a
 * conversation to it as a whole first ([method@Imp.Prover.add]), and then again and again to new
 * analyzers of the same factory, in other chunks and with the two directions interleaved in other
 * ways: up to [property@Imp.Prover:exhaustive] bytes, in all chunks that there can be; else in
 * chunks of each size up to [property@Imp.Prover:max-chunk], and in two chunks with the border
 * everywhere; and each time in [property@Imp.Prover:random-trials] random ways.
 *
 * Each time the same has to come out: the bytes of each direction, what the analyzer itself sends,
 * logs and accounts, and whether the conversation goes through, or is denied and why. Where it is
 * refused, how much came out before is left to the analyzer: that may be more where the chunks are
 * smaller. No verdict at all ends in an error, too.
 *
 * If that is not so, the prover looks for the smallest conversation with which it is not so, and
 * tells it: [method@Imp.Prover.get_chunk].
 *
 * It runs in the thread's default main context, which it iterates where an analyzer does not answer
 * at once.
 *
 * Since: 0.1
 */
struct _ImpProver
{
  GObject parent_instance;

  ImpFactory *factory;
  guint limits[4]; /* the unsigned properties, in their order */
  guint seed;
  gboolean keep_order;

  GHashTable *context;
  GMainContext *main_context;
  ImpConversation *said;
  ImpTrialRunner runner;
  ImpTrial *reference; /* the conversation as a whole */
  ImpConversation *counterexample;
};

G_DEFINE_FINAL_TYPE (ImpProver, imp_prover, G_TYPE_OBJECT)

typedef enum
{
  PROP_EXHAUSTIVE = 1,
  PROP_MAX_CHUNK,
  PROP_RANDOM_TRIALS,
  PROP_TIMEOUT,
  PROP_SEED,
  PROP_KEEP_ORDER,
  PROP_FACTORY,
} ProverProperty;

static GParamSpec *properties[PROP_FACTORY + 1];

static inline guint
prover_get (const ImpProver *self, ProverProperty property)
{
  return self->limits[property - PROP_EXHAUSTIVE];
}

static ImpConversation *
prover_join (ImpProver *self, const ImpConversation *conversation)
{
  return imp_conversation_join (conversation,
                                self->keep_order ? IMP_ORDER_KEPT : IMP_ORDER_CLIENT_FIRST);
}

static gboolean
prover_is_settled (const ImpTrace *trace)
{
  return imp_trace_get_outcome (trace) != IMP_OUTCOME_FAILED
         && imp_trace_get_outcome (trace) != IMP_OUTCOME_UNSETTLED;
}

/* What is different if @conversation comes as it is, or NULL. */
static char *
prover_refute (const ImpConversation *conversation, gpointer user_data)
{
  ImpProver *self = user_data;
  g_autoptr (ImpTrial) reference = imp_trial_runner_try (&self->runner,
                                                         prover_join (self, conversation), NULL);
  g_autoptr (ImpTrial) trial = imp_trial_runner_try (
    &self->runner, imp_conversation_order (conversation, IMP_ORDER_KEPT, NULL), NULL);

  if (reference == NULL || trial == NULL || !prover_is_settled (imp_trial_end (reference)))
    return NULL;
  return imp_trace_compare (imp_trial_end (reference), imp_trial_end (trial));
}

/* ---- the proof ---- */

/* Takes @difference. */
static gboolean
prover_set_refuted (ImpProver *self, const ImpConversation *conversation, char *difference,
                    GError **error)
{
  const guint64 n_trials = self->runner.n_trials;
  ImpShrinker shrinker = {
    .conversation = imp_conversation_order (conversation, IMP_ORDER_KEPT, NULL),
    .difference = difference,
    .refute = prover_refute,
    .user_data = self,
    .n_left = SHRINK_MAX,
  };

  imp_trial_runner_hurry (&self->runner);
  imp_shrinker_run (&shrinker);
  self->runner.n_trials = n_trials;
  self->counterexample = shrinker.conversation;
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "The analyzer sees the borders of chunks: with the same input in %u chunks, %s",
               imp_conversation_get_length (self->counterexample), shrinker.difference);
  g_free (shrinker.difference);
  return FALSE;
}

/* FALSE, with @error: one of them differs. */
static gboolean
prover_compare (ImpProver *self, GPtrArray *trials, GError **error)
{
  for (guint i = 0; i < trials->len; i++)
    {
      char *difference = imp_trace_compare (imp_trial_end (self->reference),
                                            imp_trial_end (trials->pdata[i]));

      if (difference != NULL)
        return prover_set_refuted (self, imp_trial_get_conversation (trials->pdata[i]), difference,
                                   error);
    }
  return TRUE;
}

/* Some of the splits; none if there are no more. NULL: an analyzer could not be made. */
static GPtrArray *
prover_take_trials (ImpProver *self, ImpSplits *splits, GError **error)
{
  g_autoptr (GPtrArray) trials = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_trial_free);

  while (trials->len < (self->runner.waits ? AT_A_TIME : 1))
    {
      ImpConversation *conversation = imp_splits_next (splits);
      ImpTrial *trial;

      if (conversation == NULL)
        break;
      trial = imp_trial_new (self->factory, self->context, conversation, error);
      if (trial == NULL)
        return NULL;
      g_ptr_array_add (trials, trial);
    }
  return g_steal_pointer (&trials);
}

static gboolean
prover_run_splits (ImpProver *self, ImpSplits *splits, GError **error)
{
  imp_splits_start (splits);
  for (;;)
    {
      g_autoptr (GPtrArray) trials = prover_take_trials (self, splits, error);

      if (trials == NULL)
        return FALSE;
      if (trials->len == 0)
        return TRUE;
      imp_trial_runner_run (&self->runner, trials);
      if (!prover_compare (self, trials, error))
        return FALSE;
    }
}

static gboolean
prover_run_reference (ImpProver *self, GError **error)
{
  g_autofree char *text = NULL;

  self->reference = imp_trial_runner_try (&self->runner, prover_join (self, self->said), error);
  if (self->reference == NULL)
    return FALSE;
  if (prover_is_settled (imp_trial_end (self->reference)))
    return TRUE;
  text = imp_trace_describe (imp_trial_end (self->reference));
  g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "With the input as a whole, %s", text);
  return FALSE;
}

static void
prover_reset (ImpProver *self)
{
  g_clear_pointer (&self->reference, imp_trial_free);
  g_clear_pointer (&self->counterexample, imp_conversation_free);
  self->runner = (ImpTrialRunner){
    .factory = self->factory,
    .context = self->context,
    .main_context = self->main_context,
    .timeout = (gint64) prover_get (self, PROP_TIMEOUT) * 1000,
  };
  if (self->seed == 0)
    {
      self->seed = MAX (g_random_int (), 1);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SEED]);
    }
}

/**
 * imp_prover_run:
 * @self: a prover
 * @error: return location for an error
 *
 * Tries the analyzer. This takes as long as all the trials do, and iterates the thread's default
 * main context where the analyzer does not answer at once.
 *
 * Returns: %TRUE if each trial came to the same end; %FALSE with %IMP_ERROR_FAILED if one did not,
 *   which [method@Imp.Prover.get_chunk] tells then; with %IMP_ERROR_FATAL if the analyzer fails, or
 *   has no verdict, already where the input comes as a whole; or with the factory's error
 *
 * Since: 0.1
 */
gboolean
imp_prover_run (ImpProver *self, GError **error)
{
  g_autoptr (GRand) random = NULL;
  ImpSplits splits = { 0 };

  g_return_val_if_fail (IMP_IS_PROVER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  prover_reset (self);
  if (!prover_run_reference (self, error))
    return FALSE;
  random = g_rand_new_with_seed (self->seed);
  splits.whole = imp_trial_get_conversation (self->reference);
  splits.keep_order = self->keep_order;
  splits.exhaustive = prover_get (self, PROP_EXHAUSTIVE);
  splits.max_chunk = prover_get (self, PROP_MAX_CHUNK);
  splits.n_random = prover_get (self, PROP_RANDOM_TRIALS);
  splits.random = random;
  return prover_run_splits (self, &splits, error);
}

/**
 * imp_prover_get_n_trials:
 * @self: a prover
 *
 * Gets how many times the last [method@Imp.Prover.run] has fed the input to an analyzer, those not
 * counted that made a counterexample smaller.
 *
 * Returns: the number of trials
 *
 * Since: 0.1
 */
guint64
imp_prover_get_n_trials (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return self->runner.n_trials;
}

/**
 * imp_prover_get_n_chunks:
 * @self: a prover
 *
 * Gets how many chunks the counterexample of the last [method@Imp.Prover.run] has.
 *
 * Returns: the number of chunks; 0 if none was found
 *
 * Since: 0.1
 */
guint
imp_prover_get_n_chunks (ImpProver *self)
{
  g_return_val_if_fail (IMP_IS_PROVER (self), 0);

  return self->counterexample == NULL ? 0 : imp_conversation_get_length (self->counterexample);
}

/**
 * imp_prover_get_chunk:
 * @self: a prover
 * @index: which chunk, counted from 0
 * @direction: (out) (optional): where it comes from
 * @data_type: (out) (optional): its type
 *
 * Gets a chunk of the counterexample: the smallest conversation that was found of which another end
 * comes, if it comes in these chunks, than if it comes as a whole.
 *
 * Returns: (transfer none) (nullable): its bytes, none at all for the end of its direction; or
 *   %NULL if there is no such chunk
 *
 * Since: 0.1
 */
GBytes *
imp_prover_get_chunk (ImpProver *self, guint index, ImpDirection *direction, gint32 *data_type)
{
  const ImpChunk *chunk;

  g_return_val_if_fail (IMP_IS_PROVER (self), NULL);

  if (index >= imp_prover_get_n_chunks (self))
    return NULL;
  chunk = imp_conversation_get (self->counterexample, index);
  if (direction != NULL)
    *direction = chunk->direction;
  if (data_type != NULL)
    *data_type = chunk->data_type;
  return chunk->data;
}

/**
 * imp_prover_add:
 * @self: a prover
 * @direction: where the bytes come from
 * @data: the bytes; none at all is the end of that direction's stream
 * @data_type: their type
 *
 * Adds to the conversation. Bytes of a stream that follow each other are one input, in however many
 * calls they come; packets stay what they are. Ends that are missing come last.
 *
 * Since: 0.1
 */
void
imp_prover_add (ImpProver *self, ImpDirection direction, GBytes *data, gint32 data_type)
{
  g_return_if_fail (IMP_IS_PROVER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (data != NULL);
  g_return_if_fail (data_type != IMP_DATA_TYPE_ANY);

  imp_conversation_add (self->said, direction, g_bytes_ref (data), data_type);
}

/**
 * imp_prover_add_bytes:
 * @self: a prover
 * @direction: where the bytes come from
 * @data: (array length=length): the bytes
 * @length: how many
 * @data_type: their type
 *
 * As [method@Imp.Prover.add], for bindings.
 *
 * Since: 0.1
 */
void
imp_prover_add_bytes (ImpProver *self, ImpDirection direction, const guint8 *data, gsize length,
                      gint32 data_type)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);

  imp_prover_add (self, direction, bytes, data_type);
}

/**
 * imp_prover_new:
 * @factory: (transfer none): a factory, bound to an interface if it needs that
 *
 * Creates a prover for the analyzers of @factory.
 *
 * Returns: (transfer full): a new prover
 *
 * Since: 0.1
 */
ImpProver *
imp_prover_new (ImpFactory *factory)
{
  g_return_val_if_fail (IMP_IS_FACTORY (factory), NULL);

  return g_object_new (IMP_TYPE_PROVER, "factory", factory, NULL);
}

/* ---- the object ---- */

static void
imp_prover_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpProver *self = IMP_PROVER (object);
  gboolean changed = FALSE;

  switch ((ProverProperty) id)
    {
    case PROP_EXHAUSTIVE:
    case PROP_MAX_CHUNK:
    case PROP_RANDOM_TRIALS:
    case PROP_TIMEOUT:
      changed = self->limits[id - PROP_EXHAUSTIVE] != g_value_get_uint (value);
      self->limits[id - PROP_EXHAUSTIVE] = g_value_get_uint (value);
      break;
    case PROP_SEED:
      changed = self->seed != g_value_get_uint (value);
      self->seed = g_value_get_uint (value);
      break;
    case PROP_KEEP_ORDER:
      changed = self->keep_order != g_value_get_boolean (value);
      self->keep_order = g_value_get_boolean (value);
      break;
    case PROP_FACTORY:
      self->factory = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
  if (changed)
    g_object_notify_by_pspec (object, pspec);
}

static void
imp_prover_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpProver *self = IMP_PROVER (object);

  switch ((ProverProperty) id)
    {
    case PROP_EXHAUSTIVE:
    case PROP_MAX_CHUNK:
    case PROP_RANDOM_TRIALS:
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->limits[id - PROP_EXHAUSTIVE]);
      break;
    case PROP_SEED:
      g_value_set_uint (value, self->seed);
      break;
    case PROP_KEEP_ORDER:
      g_value_set_boolean (value, self->keep_order);
      break;
    case PROP_FACTORY:
      g_value_set_object (value, self->factory);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_prover_finalize (GObject *object)
{
  ImpProver *self = IMP_PROVER (object);

  g_clear_pointer (&self->reference, imp_trial_free);
  g_clear_pointer (&self->counterexample, imp_conversation_free);
  imp_conversation_free (self->said);
  g_hash_table_unref (self->context);
  g_main_context_unref (self->main_context);
  g_clear_object (&self->factory);
  G_OBJECT_CLASS (imp_prover_parent_class)->finalize (object);
}

/* What analyzers may want to know; from the addresses that are meant for documentation. */
static GHashTable *
prover_new_context (void)
{
  static const char *const pairs[][2] = {
    { "caddr", "192.0.2.1" },
    { "cport", "49152" },
    { "saddr", "192.0.2.2" },
    { "sport", "80" },
  };
  GHashTable *context = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_hash_table_insert (context, (gpointer) pairs[i][0], (gpointer) pairs[i][1]);
  return context;
}

static void
imp_prover_init (ImpProver *self)
{
  self->context = prover_new_context ();
  self->main_context = g_main_context_ref_thread_default ();
  self->said = imp_conversation_new ();
}

static void
prover_class_install_limits (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_EXPLICIT_NOTIFY
                            | G_PARAM_STATIC_STRINGS;

  /**
   * ImpProver:exhaustive: (attributes org.gtk.Property.default=16)
   *
   * Up to how many bytes of input all ways to cut it into chunks are tried, of which each byte
   * doubles the number.
   *
   * Since: 0.1
   */
  properties[PROP_EXHAUSTIVE] = g_param_spec_uint ("exhaustive", NULL, NULL, 0, EXHAUSTIVE_MAX,
                                                   EXHAUSTIVE_DEFAULT, flags);

  /**
   * ImpProver:max-chunk: (attributes org.gtk.Property.default=16)
   *
   * Input that is longer than [property@Imp.Prover:exhaustive] is tried in chunks of 1 byte, of 2,
   * and so on up to this.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_CHUNK] = g_param_spec_uint ("max-chunk", NULL, NULL, 0, G_MAXINT32,
                                                  MAX_CHUNK_DEFAULT, flags);

  /**
   * ImpProver:random-trials: (attributes org.gtk.Property.default=10000)
   *
   * In how many random ways the input is tried.
   *
   * Since: 0.1
   */
  properties[PROP_RANDOM_TRIALS] = g_param_spec_uint ("random-trials", NULL, NULL, 0, G_MAXINT32,
                                                      RANDOM_TRIALS_DEFAULT, flags);

  /**
   * ImpProver:timeout: (attributes org.gtk.Property.default=5000)
   *
   * How long to wait, in milliseconds, for an analyzer that does not answer at once. Then it has no
   * verdict.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", NULL, NULL, 1, G_MAXINT32,
                                                TIMEOUT_DEFAULT, flags);
}

static void
imp_prover_class_init (ImpProverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_prover_set_property;
  object_class->get_property = imp_prover_get_property;
  object_class->finalize = imp_prover_finalize;
  prover_class_install_limits ();

  /**
   * ImpProver:seed: (attributes org.gtk.Property.default=0)
   *
   * What the random ways follow from. 0, the default: [method@Imp.Prover.run] chooses one, which
   * this is afterwards.
   *
   * Since: 0.1
   */
  properties[PROP_SEED] = g_param_spec_uint ("seed", NULL, NULL, 0, G_MAXUINT, 0,
                                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY
                                               | G_PARAM_STATIC_STRINGS);

  /**
   * ImpProver:keep-order: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether the directions take turns as they were added, for an analyzer whose outcome depends on
   * who speaks first. Else each way to interleave them has to come to the same end.
   *
   * Since: 0.1
   */
  properties[PROP_KEEP_ORDER] = g_param_spec_boolean ("keep-order", NULL, NULL, FALSE,
                                                      G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY
                                                        | G_PARAM_STATIC_STRINGS);

  /**
   * ImpProver:factory: (attributes org.gtk.Property.default=none)
   *
   * Makes the analyzers.
   *
   * Since: 0.1
   */
  properties[PROP_FACTORY] = g_param_spec_object ("factory", NULL, NULL, IMP_TYPE_FACTORY,
                                                  G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY
                                                    | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}
