"""The publications that more than one section may rest on."""

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
SIMONYAN_2015 = Reference(
    "Simonyan, K. and Zisserman, A.",
    2015,
    "Very deep convolutional networks for large-scale image recognition",
    "International Conference on Learning Representations",
)
SPRINGENBERG_2015 = Reference(
    "Springenberg, J. T., Dosovitskiy, A., Brox, T. and Riedmiller, M.",
    2015,
    "Striving for simplicity: the all convolutional net",
    "International Conference on Learning Representations, workshop track",
)
