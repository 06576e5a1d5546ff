"""The papers that several sections, or the report as a whole, refer to."""

from __future__ import annotations

from reportgen.outline.section import Reference

ARAUJO_2019 = Reference(
    "Araujo, A., Norris, W. and Sim, J.",
    2019,
    "Computing receptive fields of convolutional neural networks",
    "Distill",
    "4(11)",
)

CHEN_2016 = Reference(
    "Chen, T., Goodfellow, I. and Shlens, J.",
    2016,
    "Net2Net: accelerating learning via knowledge transfer",
    "International Conference on Learning Representations",
)

HE_2015 = Reference(
    "He, K., Zhang, X., Ren, S. and Sun, J.",
    2015,
    "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
    "International Conference on Computer Vision",
)

LUO_2016 = Reference(
    "Luo, W., Li, Y., Urtasun, R. and Zemel, R.",
    2016,
    "Understanding the effective receptive field in deep convolutional neural networks",
    "Advances in Neural Information Processing Systems",
    "29",
)

MCNEMAR_1947 = Reference(
    "McNemar, Q.",
    1947,
    "Note on the sampling error of the difference between correlated proportions or percentages",
    "Psychometrika",
    "12",
)

SELVARAJU_2017 = Reference(
    "Selvaraju, R. R., Cogswell, M., Das, A., Vedantam, R., Parikh, D. and Batra, D.",
    2017,
    "Grad-CAM: visual explanations from deep networks via gradient-based localization",
    "International Conference on Computer Vision",
)

SIMONYAN_2015 = Reference(
    "Simonyan, K. and Zisserman, A.",
    2015,
    "Very deep convolutional networks for large-scale image recognition",
    "International Conference on Learning Representations",
)

OF_ARCHITECTURES = {
    "VGG16": SIMONYAN_2015,
    "VGG19": SIMONYAN_2015,
    "ResNet50": Reference(
        "He, K., Zhang, X., Ren, S. and Sun, J.",
        2016,
        "Deep residual learning for image recognition",
        "Conference on Computer Vision and Pattern Recognition",
    ),
    "MobileNetV2": Reference(
        "Sandler, M., Howard, A., Zhu, M., Zhmoginov, A. and Chen, L.-C.",
        2018,
        "MobileNetV2: inverted residuals and linear bottlenecks",
        "Conference on Computer Vision and Pattern Recognition",
    ),
}
"""The papers of the architectures by name."""

SIMONYAN_2014 = Reference(
    "Simonyan, K., Vedaldi, A. and Zisserman, A.",
    2014,
    "Deep inside convolutional networks: visualising image classification models and saliency maps",
    "Workshop at the International Conference on Learning Representations",
)

SPRINGENBERG_2015 = Reference(
    "Springenberg, J. T., Dosovitskiy, A., Brox, T. and Riedmiller, M.",
    2015,
    "Striving for simplicity: the all convolutional net",
    "International Conference on Learning Representations, workshop track",
)

WILSON_1927 = Reference(
    "Wilson, E. B.",
    1927,
    "Probable inference, the law of succession, and statistical inference",
    "Journal of the American Statistical Association",
    "22",
)

ZEILER_2014 = Reference(
    "Zeiler, M. D. and Fergus, R.",
    2014,
    "Visualizing and understanding convolutional networks",
    "European Conference on Computer Vision",
)
