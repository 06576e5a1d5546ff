"""VGG19 with a new head: how it was trained, and what it gets right."""

from typing import Annotated, Literal

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    BySplit,
    Count,
    ImagePath,
    Label,
    Matrix,
    Positive,
    Result,
    Sha256,
    Share,
    Size,
    means,
)
from reportgen.results.inference import wilson_interval

_Losses = Annotated[
    list[Annotated[Size, means("The mean cross-entropy after epoch i + 1.", "nats")]], Field(min_length=1)
]
_Accuracies = Annotated[
    list[Annotated[Share, means("The share of images classified correctly after epoch i + 1.")]],
    Field(min_length=1),
]


class BeforeAfter(Result):
    """One SHA-256 over all frozen weights, taken before and after training."""

    before: Annotated[Sha256, means("The hash of all frozen weights before training.")]
    after: Annotated[Sha256, means("The hash of all frozen weights after training.")]


class Training(Result):
    """How the head was trained."""

    optimizer: Annotated[str, means("The optimiser, as Keras names it.")]
    learning_rate: Annotated[float, Field(gt=0), means("Its learning rate.")]
    batch_size: Annotated[Positive, means("How many images a step looks at.", "images")]
    max_epochs: Annotated[Positive, means("After how many epochs training would have ended.", "epochs")]
    patience: Annotated[Positive, means("How long it went on without a lower validation loss.", "epochs")]
    epochs_run: Annotated[Positive, means("How long it went on.", "epochs")]
    best_epoch: Annotated[
        Positive, means("The epoch with the lowest validation loss, from 1; its weights are kept.")
    ]
    feature_scale: Annotated[
        float, means("The mean of all training features, by which they were divided while training.")
    ]


class History(Result):
    """One value an epoch, as in Keras: mean cross-entropy in nats, accuracy from 0 to 1."""

    loss: Annotated[_Losses, means("The mean cross-entropy of the training images, epoch by epoch.", "nats")]
    accuracy: Annotated[_Accuracies, means("The accuracy on the training images, epoch by epoch.")]
    val_loss: Annotated[
        _Losses, means("The mean cross-entropy of the validation images, epoch by epoch.", "nats")
    ]
    val_accuracy: Annotated[_Accuracies, means("The accuracy on the validation images, epoch by epoch.")]


class ClassScore(Result):
    """Precision and recall of one class; null where the denominator is zero."""

    precision: Annotated[
        Share | None, means("Correct ones among the images predicted as this class; null if there are none.")
    ]
    recall: Annotated[
        Share | None, means("Correct ones among the images of this class; null if there are none.")
    ]
    support: Annotated[Count, means("Images of this class in this split.", "images")]


class Misclassified(Result):
    """A test image that the network got wrong."""

    file: Annotated[ImagePath, means("The image.")]
    true: Annotated[str, means("Its class.")]
    predicted: Annotated[str, means("The class that the network gives it.")]
    probabilities: Annotated[
        dict[Label, Annotated[Share, means("The network's probability of this class.")]],
        means("The network's probability of each class."),
    ]


class Transfer(Result):
    """VGG19 with a new head. ``confusion[split][i][j]``: images of true class i predicted as j.

    Arrays: ``features_<split>`` (N, D) and ``probabilities_<split>`` (N, classes), in the order of the
    split's images in ``/dataset/images``; ``misclassified`` (n, 224, 224, 3) uint8, if there are any;
    ``thumbnails`` (n, 112, 112, 3) or (n, 56, 56, 3) uint8 of the test images.
    """

    feature_layer: Annotated[str, means("The layer of VGG19 that feeds the new layer.")]
    feature_pooling: Annotated[
        Literal["none", "global_average"],
        means("What is done to that layer's output: nothing, or its mean over all positions."),
    ]
    feature_size: Annotated[Positive, means("How many features each image has.")]
    classes: Annotated[
        list[Annotated[str, means("The name of class i.")]],
        Field(min_length=2),
        means("The classes, in the order of the rows and columns of the matrices."),
    ]
    trainable_parameters: Annotated[Positive, means("Weights and biases of the new layer.")]
    frozen_parameters: Annotated[Count, means("Weights and biases of the base, which are not trained.")]
    frozen_sha256: Annotated[BeforeAfter, means("Whether training left the base as it was.")]
    training: Annotated[Training, means("How the new layer was trained.")]
    history: Annotated[History, means("How loss and accuracy went.")]
    confusion: Annotated[
        BySplit[
            Annotated[
                Matrix, means("Row i: the images of true class i; column j: those predicted as j.", "images")
            ]
        ],
        means("Images by true and predicted class, for each split.", "images"),
    ]
    per_class: Annotated[
        BySplit[
            Annotated[
                dict[
                    Label, Annotated[ClassScore, means("Precision and recall of this class in this split.")]
                ],
                means("Precision and recall of each class in this split."),
            ]
        ],
        means("Precision and recall of each class in each split."),
    ]
    misclassified: Annotated[
        list[Annotated[Misclassified, means("One test image that the network got wrong.")]],
        means("The test images that the network got wrong."),
    ]
    arrays: Annotated[
        Arrays,
        means(
            "features_<split> (images, features) and probabilities_<split> (images, classes), in the order "
            "of /dataset/images; misclassified, the pixels of the first images that the network got wrong, "
            "if there are any; thumbnails, small pictures of the test images, of each class's first ones if "
            "there are more than 400. In arrays/transfer.npz."
        ),
    ]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def correct(
        self,
    ) -> BySplit[Annotated[Count, means("Correctly classified images of this split.", "images")]]:
        """Correctly classified images of each split: the trace of its confusion matrix."""
        return {split: sum(row[i] for i, row in enumerate(m)) for split, m in self.confusion.items()}

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def total(self) -> BySplit[Annotated[Positive, means("Images of this split.", "images")]]:
        """Images of each split: the sum of its confusion matrix."""
        return {split: sum(map(sum, matrix)) for split, matrix in self.confusion.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy_interval(
        self,
    ) -> BySplit[
        Annotated[
            tuple[Annotated[Share, means("Its lower end.")], Annotated[Share, means("Its upper end.")]],
            means("The 95 % interval of this split's accuracy (Wilson 1927)."),
        ]
    ]:
        """Wilson's interval of each accuracy at 95 %, for images drawn at random."""
        return {split: wilson_interval(self.correct[split], self.total[split]) for split in self.confusion}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def majority_share(
        self,
    ) -> BySplit[Annotated[Share, means("Images of this split's largest class / all of it.")]]:
        """The accuracy of always naming the largest class of a split."""
        return {split: max(map(sum, matrix)) / self.total[split] for split, matrix in self.confusion.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy(
        self,
    ) -> BySplit[Annotated[Share, means("Correctly classified images of this split / all of it.")]]:
        """Share of correctly classified images, 0 to 1, from the confusion matrix."""
        # Derived and not stored: so no accuracy can contradict its matrix.
        return {split: self.correct[split] / self.total[split] for split in self.confusion}
