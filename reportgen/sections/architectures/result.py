"""Networks trained from random weights: their layers, how they were trained, and what they get right."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, computed_field

from reportgen.results.fields import Arrays, Count, Matrix, Positive, Result, Shape, Share, Size, means
from reportgen.results.inference import wilson_interval

# As many as there may be epochs.
_Curve = Annotated[
    list[Annotated[Size, means("The value after epoch i + 1.")]], Field(min_length=1, max_length=1000)
]


class NetworkLayer(Result):
    """One layer. Shapes are (rows, columns, channels), or (numbers,) once the maps are flattened; what does
    not belong to a layer of this kind is null.
    """

    layer: Annotated[str, means("Its kind: conv, pool, batch_norm, activation, dropout, flatten or dense.")]
    filters: Annotated[Positive | None, means("Filters of a convolution.")] = None
    size: Annotated[Positive | None, means("Rows, and columns, of its window.", "pixels")] = None
    stride: Annotated[Positive | None, means("The window's step.", "pixels")] = None
    padding: Annotated[Count | None, means("Zeros put around the maps on each side.", "pixels")] = None
    units: Annotated[Positive | None, means("Outputs of a dense layer.")] = None
    rate: Annotated[Share | None, means("The share of numbers that dropout sets to zero in training.")] = None
    activation: Annotated[str | None, means("The function after it.")] = None
    input_shape: Annotated[Shape, means("The shape that goes in.")]
    expected_shape: Annotated[Shape, means("The shape that should come out, rounded down.")]
    observed_shape: Annotated[Shape, means("The shape that came out.")]
    parameters: Annotated[Count, means("Its weights and biases, and the statistics of a batch norm.")]
    operations: Annotated[
        Count, means("Multiplications and additions for one image, of convolutions and dense layers.")
    ]


class Judged(Result):
    """What a network gets right of one split."""

    confusion: Annotated[
        Matrix, means("Row i: the images of true class i; column j: those predicted as j.", "images")
    ]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def correct(self) -> Count:
        """Correctly classified images: the trace of the confusion matrix."""
        return sum(row[i] for i, row in enumerate(self.confusion))

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def total(self) -> Positive:
        """Images of the split: the sum of the confusion matrix."""
        return sum(map(sum, self.confusion))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy(self) -> Share:
        """Correctly classified images / all of the split."""
        return self.correct / self.total

    @computed_field  # type: ignore[prop-decorator]
    @property
    def interval(
        self,
    ) -> tuple[Annotated[Share, means("Its lower end.")], Annotated[Share, means("Its upper end.")]]:
        """Wilson's interval of the accuracy at 95 %, for images drawn at random."""
        return wilson_interval(self.correct, self.total)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def majority_share(self) -> Share:
        """The accuracy of always naming the largest class of the split."""
        return max(map(sum, self.confusion)) / self.total


class Curves(Result):
    """One value an epoch: mean cross-entropy in nats, accuracy from 0 to 1."""

    loss: Annotated[_Curve, means("The mean cross-entropy of the training images.", "nats")]
    accuracy: Annotated[_Curve, means("The accuracy on the training images.")]
    val_loss: Annotated[_Curve, means("The mean cross-entropy of the validation images.", "nats")]
    val_accuracy: Annotated[_Curve, means("The accuracy on the validation images.")]


class TrainedNetwork(Result):
    """One network, trained."""

    name: Annotated[str, means("The network's name.")]
    layers: Annotated[
        list[Annotated[NetworkLayer, means("The layer with this index.")]],
        means("Its layers from the image to the softmax, which is the last."),
    ]
    counted_parameters: Annotated[Positive, means("Its parameters, as Keras counts them.")]
    history: Annotated[Curves, means("How loss and accuracy went.")]
    best_epoch: Annotated[
        Positive, means("The epoch with the lowest validation loss, from 1; its weights are kept.")
    ]
    train: Annotated[Judged, means("What it gets right of the training images.")]
    val: Annotated[Judged, means("What it gets right of the validation images.")]
    beside_best: Annotated[
        Share | None,
        means(
            "The p-value of McNemar's exact test that it and the best network are as good on the validation "
            "images; null for the best."
        ),
    ]
    repeated: Annotated[
        list[Annotated[Share, means("The validation accuracy of the run with the seed plus i.")]],
        means("The validation accuracies of all runs, which differ in the seed alone."),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def parameters(self) -> Positive:
        """The sum of its layers' parameters."""
        return sum(layer.parameters for layer in self.layers)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def operations(self) -> Positive:
        """The sum of its layers' operations for one image."""
        return sum(layer.operations for layer in self.layers)

    @computed_field(json_schema_extra={"unit": "epochs"})  # type: ignore[prop-decorator]
    @property
    def epochs_run(self) -> Positive:
        """How long training went on."""
        return len(self.history.loss)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def repeated_mean(self) -> Share:
        """The mean validation accuracy of all runs."""
        # A mean of ones may come out above 1 in the last digit.
        return min(sum(self.repeated) / len(self.repeated), 1.0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def repeated_deviation(self) -> Size | None:
        """The standard deviation of the runs' validation accuracies (n − 1); null of one run."""
        count, mean = len(self.repeated), sum(self.repeated) / len(self.repeated)
        if count == 1:
            return None
        # Divided by n − 1: the runs are a sample of all seeds.
        return float((sum((each - mean) ** 2 for each in self.repeated) / (count - 1)) ** 0.5)


class TrainingPlan(Result):
    """How every network was trained."""

    optimizer: Annotated[str, means("The optimiser, as Keras names it.")]
    epochs: Annotated[Positive, means("After how many epochs training would have ended.", "epochs")]
    learning_rate: Annotated[float, Field(gt=0), means("The optimiser's learning rate.")]
    batch_size: Annotated[Positive, means("How many images a step looks at.", "images")]
    patience: Annotated[Positive, means("How long it went on without a lower validation loss.", "epochs")]
    flip: Annotated[bool, means("Whether training images were turned left to right at random.")]
    seed: Annotated[Count, means("The seed of the first run: of weights, batches, turns and dropout.")]
    repeats: Annotated[Positive, means("How many runs of each network there were.")]


class Architectures(Result):
    """Networks trained from random weights. Arrays, in the order of the split's images in
    ``/dataset/images``: ``probabilities_<split>_<k>`` (N, classes) of network k for train and val, and
    ``probabilities_test`` of the best network alone.
    """

    classes: Annotated[
        list[Annotated[str, means("The name of class i.")]],
        Field(min_length=2),
        means("The classes, in the order of the rows and columns of the matrices."),
    ]
    training: Annotated[TrainingPlan, means("How every network was trained.")]
    networks: Annotated[
        list[Annotated[TrainedNetwork, means("The network with this index, from 0.")]],
        Field(min_length=1, max_length=8),
        means("The networks in the order of the settings."),
    ]
    best: Annotated[
        Count,
        means(
            "The index of the network with the highest validation accuracy; of equal ones that with the "
            "lower validation loss."
        ),
    ]
    best_name: Annotated[str, means("Its name.")]
    test: Annotated[Judged, means("What the best network gets right of the test images.")]
    arrays: Annotated[
        Arrays,
        means(
            "probabilities_<split>_<k> (images, classes) of network k for train and val, and "
            "probabilities_test of the best one. In arrays/architectures.npz."
        ),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sizes_match(self) -> bool:
        """Whether every layer's observed shape is the expected one, and every network's parameters add up."""
        return all(
            # Two counts: by the formulas, and by what Keras built.
            network.parameters == network.counted_parameters
            and all(layer.observed_shape == layer.expected_shape for layer in network.layers)
            for network in self.networks
        )
