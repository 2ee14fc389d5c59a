module.exports = { tokens: require("./tokens-234d2b2bf833.cjs"), fedcm: require("./fedcm-31badfc88354.cjs"), ...require("./idtoken-62d08f06fd6c.cjs") };
