"""Every name of the project, spelled once: assets, tables, models, the endpoint.

Nothing else spells a catalog, schema, table, model or endpoint name. A `Catalog` is bound to one
environment (`dev`, `pilot`, `prod`, `simulation`) because the catalog's own name carries it; asset
keys do not, so the graph is the same everywhere.
"""

from dataclasses import dataclass

Key = tuple[str, str]

XRAY_IMAGES: Key = ("bronze", "xray_images")
KAGGLE_XRAY_METADATA: Key = ("bronze", "kaggle_xray_metadata")
XRAY_METADATA: Key = ("silver", "xray_metadata")
XRAY_REJECTS: Key = ("silver", "xray_rejects")
KERAS_CLASSIFIER: Key = ("models", "pneumonia_poc_classifier")
PYTORCH_CLASSIFIER: Key = ("models", "pneumonia_poc_classifier_pytorch")
EXPERIMENTS: Key = ("gold", "experiments")
ENDPOINT_CONFIG: Key = ("gold", "endpoint_config")
PREDICTIONS: Key = ("gold", "pneumonia_classifier_predictions")
PAIRED_PREDICTIONS: Key = ("gold", "paired_predictions")
REVIEW_POLICY: Key = ("gold", "review_policy")
REVIEW_ASSIGNMENTS: Key = ("gold", "review_assignments")
PREDICTION_FEEDBACK: Key = ("gold", "prediction_feedback")
FEEDBACK_REJECTS: Key = ("gold", "feedback_rejects")
FEEDBACK_PENDING: Key = ("gold", "feedback_pending")
REVIEWED_CASES: Key = ("gold", "reviewed_cases")
REVIEWED_COUNTS: Key = ("gold", "reviewed_counts")
SCORED_COUNTS: Key = ("gold", "scored_counts")
PERFORMANCE: Key = ("gold", "model_performance_live")
COMPARISON_SUMMARY: Key = ("gold", "model_comparison_summary")
HOURLY_TRAFFIC: Key = ("gold", "hourly_traffic")
RECENT_ERRORS: Key = ("gold", "recent_errors")
RECENT_MISTAKES: Key = ("gold", "recent_mistakes")
REVIEW_PROGRESS: Key = ("gold", "review_progress")
SECOND_LOOKS: Key = ("gold", "second_looks")
SCORE_BANDS: Key = ("gold", "score_bands")
PROMOTION_DECISION: Key = ("gold", "promotion_decision")
BACKTESTS: Key = ("gold", "backtests")
ERASURES: Key = ("gold", "erasures")
FILM_FEATURES: Key = ("gold", "film_features")
MONITORING_BASELINES: Key = ("gold", "monitoring_baselines")
MONITORING_DAYS: Key = ("gold", "monitoring_days")
MONITORING_EVIDENCE: Key = ("gold", "monitoring_evidence")
MONITORING_RECORD: Key = ("gold", "monitoring_record")
PROFILE_METRICS: Key = ("gold", "profile_metrics")
DRIFT_METRICS: Key = ("gold", "drift_metrics")
ESTIMATED_PERFORMANCE: Key = ("gold", "estimated_performance")
RETRAINING_REQUESTS: Key = ("gold", "retraining_requests")
TRAINING_FILMS: Key = ("silver", "training_films")
GOLDEN_FILMS: Key = ("silver", "golden_films")
SEARCH: Key = ("models", "search")
CANDIDATES: Key = ("models", "candidates")

ENDPOINT_NAME = "pneumonia-classifier-ab-test"

LABELS = ("NORMAL", "PNEUMONIA")
"""Class names in the order of their integer label."""

NUMBER_OF_LABEL = {name: number for number, name in enumerate(LABELS)}

CHAMPION, CHALLENGER, PREVIOUS_CHAMPION = "champion", "challenger", "previous_champion"
"""Registry aliases and roles. Arrays over models are [champion, challenger]."""

EXPERIMENT_VARIABLE, ROLE_VARIABLE, DIGEST_VARIABLE, GENERATION_VARIABLE = (
    "XRAY_EXPERIMENT_ID",
    "XRAY_ROLE",
    "XRAY_ARTIFACT_SHA256",
    "XRAY_GENERATION",
)
"""Environment variables of a served entity that carry what the Databricks body has no field for:
they change atomically with the config.
"""

CLINICAL, TRIAL, VERIFICATION, SIMULATION = "clinical", "trial", "verification", "simulation"
PURPOSES = (CLINICAL, TRIAL, VERIFICATION, SIMULATION)
"""What a request is for. `Catalog.counted_purpose` says which of them counts."""
OTHER_SITE = "other"
"""The site of a request that named none that is configured."""

CHANCES = (0.03, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Chances at which a case may be drawn for review: the strata of a decision on logged draws."""

SETTLED, DUE, OVERDUE, UNINTERPRETABLE, NOT_DRAWN = CASE_STATES = (
    "settled",
    "due",
    "overdue",
    "uninterpretable",
    "not_drawn",
)
"""Where the reads of a case stand."""

FEATURES = (
    "mean",
    "contrast",
    "p01",
    "p10",
    "p50",
    "p90",
    "p99",
    "entropy",
    "sharpness",
    "fine_detail",
    "clip_low",
    "clip_high",
    "border",
    "corner_minus_centre",
    "levels",
    "aspect",
    "side",
    "quality",
    "flat",
)
"""What is measured of each film (`imaging/film_features.py` says how), as monitoring names it."""

EMBEDDING_SIZE = 64
"""Numbers before a classifier's last layer."""


@dataclass(frozen=True)
class Family:
    """A family of classifiers: the registered model, its framework as people call it, and the class
    in `training/families/` that trains it.
    """

    model: Key
    framework: str
    network: str


FAMILIES = {
    "keras": Family(KERAS_CLASSIFIER, "Keras", "keras_classifier:KerasNetwork"),
    "pytorch": Family(PYTORCH_CLASSIFIER, "PyTorch", "torch_classifier:TorchNetwork"),
}
"""The one place to name a family. The first one serves while there is nothing to compare."""


SEARCHED = ("cnn", "residual", "filterbank")
"""Families that `xray search` knows; its artifacts are of PyTorch's and of none."""
ENSEMBLE = "ensemble"
"""The best of each searched family, averaged."""


@dataclass(frozen=True)
class Catalog:
    """The names of one environment."""

    environment: str = "dev"

    @property
    def name(self) -> str:
        """`healthcare_catalog_<environment>`."""
        return f"healthcare_catalog_{self.environment}"

    def table(self, key: Key) -> str:
        """Three-level name of a table, model or volume: `<catalog>.<schema>.<name>`."""
        return ".".join((self.name, *key))

    @property
    def counted_purpose(self) -> str:
        """The one purpose whose requests count: as cases, in sample ratio, coverage, figures and
        judged days. Simulated requests count in the environment `simulation` and nowhere else.
        """
        return SIMULATION if self.environment == SIMULATION else CLINICAL

    @property
    def classifiers(self) -> list[str]:
        """Full names of the classifiers, the first champion first."""
        return [self.table(family.model) for family in FAMILIES.values()]

    @property
    def registered_models(self) -> list[str]:
        """Full names of all that may be served: the classifiers, and candidates made later."""
        return [*self.classifiers, self.table(CANDIDATES)]

    def model(self, name: str) -> str:
        """A model's three-level name, from that or from its last part alone."""
        return name if "." in name else self.table((KERAS_CLASSIFIER[0], name))


def served_name(model_name: str, version: int | str) -> str:
    """Served-entity name: `<model name without catalog and schema>-<version>`."""
    return f"{model_name.rsplit('.', 1)[-1]}-{int(version)}"
