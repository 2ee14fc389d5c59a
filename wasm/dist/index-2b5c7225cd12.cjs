module.exports = { tokens: require("./tokens-234d2b2bf833.cjs"), fedcm: require("./fedcm-31badfc88354.cjs"), ...require("./idtoken-dd3d76561d0e.cjs") };
